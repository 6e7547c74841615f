export { hasLimits, LIMITS } from './allowances.ts';
export { createLimits, type Limits, type Remaining } from './limits.ts';
