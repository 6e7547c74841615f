export { type ExportOptions, exportContainer } from './export.ts';
export { type ImportOptions, importWebtasks } from './import.ts';
export { readProfile } from './profile.ts';
export { isComplete, type Part, type Row, type TransferReport } from './report.ts';
export type { Remote } from './request.ts';
