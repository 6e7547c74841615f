export { createDocuments, type Documents, documentBytes, isPiece, type Resize, readWhole } from './documents.ts';
export { createDynamoDBStore } from './dynamodb.ts';
export { checkFormat, FORMAT_VERSION, type Format, isFormat, readFormat, writeFormat } from './format.ts';
export { claimFolder } from './join.ts';
export { createMemoryStore } from './memory.ts';
export { openStore, openUnchecked } from './open.ts';
export type { Expected, Item, Key, Store, WholeStore, Written } from './store.ts';
export { startTestDynamoDB, type TableKeys } from './test-dynamodb.ts';
