export { readDotenv } from './dotenv.ts';
export { listWebtasks } from './list.ts';
export { type Project, readProject, type WebtaskDeclaration } from './project.ts';
export { type FoundSecrets, findSecrets } from './secrets.ts';
export { type SettingsOverrides, type WebtaskSettings, webtaskName, webtaskSettings } from './settings.ts';
