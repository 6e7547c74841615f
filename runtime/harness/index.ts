export { webtaskAssertions } from './assertions.ts';
export { freezeDate, moveDate, releaseDate } from './clock.ts';
export { openTestDynamoDB, type TestDynamoDB } from './dynamodb.ts';
export { compileFile, createContext, createRequest, createResponse, type RecordedResponse } from './mocks.ts';
export { type TestRequest, toRunRequest } from './request.ts';
export type { StreamingResponse, TestResponse } from './response.ts';
export { testStorage } from './storage.ts';
export { type Task, type WebtaskOptions, webtask } from './webtask.ts';
