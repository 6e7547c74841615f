/**
 * The calls of the npm package `webtask-runtime` 2.0 over this runtime, so that tests that were written for it change
 * only what they import.
 *
 * Answers, errors and defaults are those of the original, also where the hosted platform answered otherwise: an error's
 * `statusCode` has no effect, and bodies are parsed only where `parseBody` says so. Beyond the original, TypeScript, ES
 * modules and promises work; a body never replaces a secret; `initialStorageData` reaches `context.storage` in
 * `simulate` too. New tests are better off with `webtask-kit/harness`.
 *
 * @module
 */
import { compile } from './webtask-runtime/compile.ts';
import { createContext } from './webtask-runtime/context.ts';
import { createServer } from './webtask-runtime/server.ts';
import { simulate } from './webtask-runtime/simulate.ts';
import { createStorage } from './webtask-runtime/storage.ts';

/** The body is left to the webtask. */
export const PARSE_NEVER = 0;
/** The body is read and parsed. */
export const PARSE_ALWAYS = 1;
/** As `PARSE_ALWAYS`, as in the original. */
export const PARSE_ON_ARITY = 2;

export type { CompileCallback } from './webtask-runtime/compile.ts';
export type { RuntimeError } from './webtask-runtime/error.ts';
export type { AnyWebtask, CompileOptions, ContextOptions, Logger, RunOptions } from './webtask-runtime/options.ts';
export type { SimulatedResponse, SimulateOptions } from './webtask-runtime/simulate.ts';
export type { RuntimeStorage } from './webtask-runtime/storage.ts';
export { compile, createContext, createServer, createStorage, simulate };

/** The original was one object, which an ES module imports as its default. */
export default {
  PARSE_NEVER,
  PARSE_ALWAYS,
  PARSE_ON_ARITY,
  compile,
  createContext,
  createServer,
  createStorage,
  simulate,
} as const;
