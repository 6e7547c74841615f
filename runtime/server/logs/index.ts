export { framingFor } from './framing.ts';
export { createLogs, type Logs } from './logs.ts';
export { createOutputBudget, type OutputBudget } from './output-budget.ts';
export { startRunLog } from './run-log.ts';
export { streamLogs } from './stream.ts';
