export {
  type CompiledWebtask,
  compileWebtask,
  languageOf,
  type ProgrammingModel,
  type WebtaskSource,
} from './compile.ts';
export { loadModule, type ModuleWebtask } from './load.ts';
export { type ModuleRequest, parseModuleRequest, resolveVersion } from './require-version.ts';
export { type Language, translate } from './translate.ts';
