import { expect } from 'chai';
import { Histogram, Registry } from 'prom-client';
import { createRunTally, SECONDS } from '../../../../runtime/server/metrics/run-tally.ts';

describe('the count of runs', () => {
  it('is by what asked for them, what came of them, and who answered', () => {
    const tally = createRunTally();
    const labels = { trigger: 'http', result: '2xx', source: 'webtask' } as const;
    tally.count(labels, 0.1);
    tally.count({ ...labels }, 0.1);
    tally.count({ ...labels, source: 'proxy' }, 0.1);
    tally.count({ ...labels, trigger: 'cron' }, 0.1);
    expect(tally.runs()).to.deep.equal([
      { labels, value: 2 },
      { labels: { ...labels, source: 'proxy' }, value: 1 },
      { labels: { ...labels, trigger: 'cron' }, value: 1 },
    ]);
  });

  it('has durations as the library of the metrics has them', async () => {
    const tally = createRunTally();
    const name = 'seconds';
    const histogram = new Histogram({
      name,
      help: 'any',
      labelNames: ['trigger'],
      buckets: SECONDS,
      registers: [new Registry()],
    });
    for (const seconds of [0, 0.001, 0.005, 0.0051, 0.3, 30, 31, 1e6]) {
      for (const trigger of ['http', 'cron'] as const) {
        tally.count({ trigger, result: '2xx', source: 'webtask' }, seconds);
        histogram.observe({ trigger }, seconds);
      }
    }
    const { values } = await histogram.get();
    const expected = values.map(({ metricName, labels, value }) => ({
      metricName,
      value,
      labels: { ...labels, ...('le' in labels && { le: String(labels.le) }) },
    }));
    expect(tally.durations(name)).to.deep.equal(expected);
  });
});
