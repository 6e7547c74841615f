export type { ModuleSpec } from './module-spec.ts';
export { createModules, type ModuleState, type Modules } from './provision.ts';
