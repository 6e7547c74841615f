import type { Item } from '../store/index.ts';

/** The version of the format of backups. */
export const BACKUP_VERSION = 1;

/**
 * A line of a backup, which is gzipped text with one JSON value a line: what it is, the keys where they were asked for,
 * the items, and an end that shows that all is there.
 */
export type Line =
  | { readonly backup: number; readonly format: number; readonly madeAt: string }
  | { readonly keys: string }
  | { readonly item: Omit<Item, 'version'> }
  | { readonly end: number; readonly sha256: string };
