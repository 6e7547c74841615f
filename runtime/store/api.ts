import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** The attributes of an item, or of its key. */
export type Attributes = Record<string, AttributeValue>;

/** What a store asks of the DynamoDB API. */
export type Operation = 'GetItem' | 'PutItem' | 'DeleteItem' | 'Query' | 'Scan';

/** What it reads of the answers. */
export interface Answer {
  readonly Item?: Attributes | undefined;
  readonly Items?: Attributes[] | undefined;
  readonly LastEvaluatedKey?: Attributes | undefined;
}

/** A way to the DynamoDB API. */
export interface DynamoDBApi {
  /**
   * Carries an operation out, in two attempts where the first one lost its connection.
   *
   * @param signal - aborts when nobody waits for the answer any more
   * @throws an error whose `name` is the API's own, such as `ConditionalCheckFailedException`
   */
  ask(operation: Operation, input: object, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

/** What the API says of an error. */
export interface ErrorBody {
  /** Ends with `#` and the name of the error. */
  readonly __type?: string;
  readonly message?: string;
  readonly Message?: string;
}

/** Makes the error that an answer of the API is. */
export function errorOf({ __type, message, Message }: ErrorBody): Error {
  const name = __type?.replace(/^.*#/, '') ?? 'InternalServerError';
  return Object.assign(new Error(message ?? Message ?? ''), { name });
}
