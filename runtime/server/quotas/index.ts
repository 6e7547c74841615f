export { createQuotaRegistry } from './quota-registry.ts';
export { createQuotas, type Quotas } from './quotas.ts';
export { readQuotas } from './read-quotas.ts';
