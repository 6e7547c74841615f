import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What is read when somebody asks, and not counted. */
export interface Gauges {
  readonly runsInFlight: () => number;
  readonly logReaders: () => number;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Makes what is measured. Every label has few values that the code fixes: none comes from a request, so that neither
 * secrets nor names of containers get into them, and nobody can make them many.
 */
export function createInstruments({ runsInFlight, logReaders }: Gauges) {
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
  return {
    registry,
    runs: counter('webtask_runs_total', 'Runs by what asked for them, class of status, and who answered', [
      'trigger',
      'result',
      'source',
    ]),
    runSeconds: histogram('webtask_run_duration_seconds', 'Time from the request of a run to the end of its answer', [
      'trigger',
    ]),
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
