export { createDocuments, type Documents } from './documents.ts';
export { createDynamoDBStore } from './dynamodb.ts';
export { createMemoryStore } from './memory.ts';
export { openStore } from './open.ts';
export type { Expected, Item, Key, Store, Written } from './store.ts';
export { startTestDynamoDB, type TableKeys } from './test-dynamodb.ts';
