import type { Routes } from './api.ts';

/** The resources of the management API. */
export const RESOURCES: readonly Routes[] = [];
