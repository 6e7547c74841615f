export { type CountedRun, createMetrics, type Metrics } from './metrics.ts';
export { createMetricsReaders, type IsMetricsReader } from './readers.ts';
