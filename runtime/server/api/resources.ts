import type { Routes } from './api.ts';
import { addCacheRoutes } from './cache.ts';
import { addCronRoutes } from './cron.ts';
import { addHealthRoutes } from './health.ts';
import { addLimitRoutes } from './limits.ts';
import { addLogRoutes } from './logs.ts';
import { addMetricsRoutes } from './metrics.ts';
import { addModuleRoutes } from './modules.ts';
import { addDocumentRoutes } from './openapi.ts';
import { addStorageRoutes } from './storage.ts';
import { addTokenRoutes } from './tokens.ts';
import { addWebtaskRoutes } from './webtasks.ts';

/** The resources of the management API. */
export const RESOURCES: readonly Routes[] = [
  addTokenRoutes,
  addWebtaskRoutes,
  addStorageRoutes,
  addCronRoutes,
  addCacheRoutes,
  addModuleRoutes,
  addLimitRoutes,
  addHealthRoutes,
  addMetricsRoutes,
  addDocumentRoutes,
  addLogRoutes,
];
