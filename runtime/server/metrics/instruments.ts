import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client';
import { type RunTally, type Sample, SECONDS } from './run-tally.ts';

/** What is read when somebody asks, and not counted. */
export interface Gauges {
  readonly runsInFlight: () => number;
  readonly logReaders: () => number;
  readonly tally: RunTally;
}

/**
 * Makes what is measured. Every label has few values that the code fixes: none comes from a request, so that neither
 * secrets nor names of containers get into them, and nobody can make them many.
 */
export function createInstruments({ runsInFlight, logReaders, tally }: Gauges) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('webtask_runs_in_flight', 'Runs that are not yet answered', runsInFlight);
  gauge('webtask_log_readers', 'Log streams that are being read', logReaders);
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Histogram({ name, help, labelNames, registers, buckets: SECONDS });
  /** What is counted elsewhere. All that the registry asks of a metric is its name, and what it is now. */
  const reading = (name: string, help: string, type: 'counter' | 'histogram', read: (name: string) => Sample[]) => {
    const get = async () => ({ name, help, type, aggregator: 'sum', values: read(name) });
    registry.registerMetric({ name, get } as unknown as Metric); // its type has what counts, too
  };
  reading(
    'webtask_runs_total',
    'Runs by what asked for them, class of status, and who answered',
    'counter',
    tally.runs,
  );
  reading(
    'webtask_run_duration_seconds',
    'Time from the request of a run to the end of its answer',
    'histogram',
    tally.durations,
  );
  return {
    registry,
    coldStarts: counter('webtask_cold_starts_total', 'Runs that had to compile their webtask first', []),
    requests: counter('webtask_management_requests_total', 'Requests to the management API', [
      'method',
      'route',
      'status',
    ]),
    storeCalls: counter('webtask_store_calls_total', 'Calls of the store by what came of them', [
      'operation',
      'result',
    ]),
    storeSeconds: histogram('webtask_store_call_duration_seconds', 'Time that calls of the store took', ['operation']),
    revocationChecks: counter('webtask_revocation_checks_total', 'Questions whether a token is revoked', ['result']),
    errors: counter('webtask_platform_errors_total', 'Errors that are for whoever runs the server', ['code']),
  };
}

/** What is measured. */
export type Instruments = ReturnType<typeof createInstruments>;
