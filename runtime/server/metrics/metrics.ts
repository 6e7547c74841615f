import type { ServerResponse } from 'node:http';
import { type ErrorCode, WebtaskError } from '../../errors.ts';
import type { Store } from '../../store/index.ts';
import type { RevocationSource } from '../revocations/revocation-source.ts';
import type { Gauges, Instruments } from './instruments.ts';
import { createRunTally } from './run-tally.ts';

/** What a server counts. */
export interface Metrics {
  /** Counts a run when its answer ends. */
  run(trigger: 'http' | 'cron', res: ServerResponse): CountedRun;
  coldStart(): void;
  /** Counts a request to a route, as it is registered. */
  request(method: string, route: string | undefined, status: number): void;
  error(code: ErrorCode): void;
  /** Has the calls of a store counted. */
  ofStore(store: Store): Store;
  /** Has the questions to a list of revoked tokens counted, and not what is answered from memory. */
  ofRevocations(source: RevocationSource): RevocationSource;
  /** All of it in the text format of Prometheus. */
  text(): Promise<{ readonly type: string; readonly text: string }>;
}

/** A run that is being counted. */
export interface CountedRun {
  /** When it began, as `performance.now()` says it. */
  readonly startedAt: number;
  /** Says who made its answer: the platform, where nothing is said. */
  answeredBy(source: string): void;
}

/** So many are kept until the library is loaded. */
const MAX_WAITING = 100;
/** Of status codes, by their first figure. */
const CLASSES = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx', '7xx', '8xx', '9xx'];

/**
 * Makes the metrics of a server. Their library is loaded when they are read, or much was counted beside runs, so that
 * neither a start nor the first run waits for it.
 */
export function createMetrics({ logReaders }: Pick<Gauges, 'logReaders'>): Metrics {
  const tally = createRunTally();
  let inFlight = 0;
  let instruments: Instruments | undefined;
  let loading: Promise<Instruments> | undefined;
  let waiting: ((it: Instruments) => void)[] = [];

  async function load(): Promise<Instruments> {
    const { createInstruments } = await import('./instruments.ts');
    instruments = createInstruments({ runsInFlight: () => inFlight, logReaders, tally });
    for (const count of waiting) count(instruments);
    waiting = [];
    return instruments;
  }

  function record(count: (it: Instruments) => void): void {
    if (instruments) count(instruments);
    else if (waiting.push(count) >= MAX_WAITING) loading ??= load();
  }

  return {
    run(trigger, res) {
      const startedAt = performance.now();
      inFlight += 1;
      let answeredBy = 'proxy';
      res.on('close', () => {
        inFlight -= 1;
        const seconds = (performance.now() - startedAt) / 1000;
        const result = res.writableFinished ? (CLASSES[Math.floor(res.statusCode / 100)] ?? 'other') : 'cut off';
        tally.count({ trigger, result, source: res.headersSent ? answeredBy : 'none' }, seconds);
      });
      return {
        startedAt,
        answeredBy(source) {
          answeredBy = source;
        },
      };
    },
    coldStart: () => record(({ coldStarts }) => coldStarts.inc()),
    request: (method, route = 'none', status) =>
      record(({ requests }) => requests.inc({ method: route === 'none' ? 'any' : method, route, status })),
    error: (code) => record(({ errors }) => errors.inc({ code })),
    ofStore(store) {
      const counted =
        <Args extends unknown[], T>(operation: string, call: (...args: Args) => Promise<T>) =>
        async (...args: Args): Promise<T> => {
          const startedAt = performance.now();
          let result = 'done';
          try {
            const answer = await call(...args);
            if (typeof answer === 'object' && answer !== null && 'ok' in answer && !answer.ok) result = 'changed';
            return answer;
          } catch (error) {
            result = codeOf(error);
            throw error;
          } finally {
            const seconds = (performance.now() - startedAt) / 1000;
            record(({ storeCalls, storeSeconds }) => {
              storeCalls.inc({ operation, result });
              storeSeconds.observe({ operation }, seconds);
            });
          }
        };
      return {
        ...store,
        get: counted('get', store.get),
        put: counted('put', store.put),
        remove: counted('remove', store.remove),
        list: counted('list', store.list),
      };
    },
    ofRevocations: (source) => ({
      ...source,
      async has(jti) {
        let result = 'failed';
        try {
          const found = await source.has(jti);
          result = found ? 'revoked' : 'not revoked';
          return found;
        } finally {
          record(({ revocationChecks }) => revocationChecks.inc({ result }));
        }
      },
    }),
    async text() {
      loading ??= load();
      const { registry } = await loading;
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof WebtaskError ? error.code : 'INTERNAL';
}
