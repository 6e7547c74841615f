export { type CompiledWebtask, compileWebtask, type ProgrammingModel } from './compile.ts';
export { languageOf, type WebtaskSource } from './compile-node.ts';
export { keepTransformed } from './keep-transformed.ts';
export { declaredVersions, loadModule, type ModuleWebtask, packageFolders } from './load.ts';
export { loadOwnModules } from './own-modules.ts';
export { isPlatformModule } from './platform-modules.ts';
export { type ModuleRequest, parseModuleRequest, resolveVersion } from './require-version.ts';
export { isCommonJS, type Language, rewrite, type Translated, translate } from './translate.ts';
