export type {
  WebtaskCallback,
  WebtaskContext,
  WebtaskFunction,
  WebtaskRequest,
  WebtaskResponse,
  WebtaskStorage,
} from './context/index.ts';
export { type ErrorCode, type Fault, WebtaskError } from './errors.ts';
