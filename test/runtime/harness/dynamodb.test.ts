import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { openTestDynamoDB } from 'webtask-kit/harness';
import { useDynamoDB } from 'webtask-kit/mocha';
import { refusalOf } from '../../support/refusal.ts';

const POINTED_TO = ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

const pointedTo = () => Object.fromEntries(POINTED_TO.map((name) => [name, process.env[name]]));

const listening = () => process.getActiveResourcesInfo().filter((it) => it === 'TCPServerWrap').length;

describe('the DynamoDB of tests', () => {
  it('is an embedded one with the declared tables, and one line says so', async () => {
    const lines: string[] = [];
    const { endpoint, secrets, close } = await openTestDynamoDB({ revoked: 'jti', events: ['pk', 'sk'] }, (line) =>
      lines.push(line),
    );
    expect(endpoint).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(lines).to.deep.equal([`DynamoDB: an embedded one at ${endpoint}, gone after these tests`]);
    expect(secrets).to.deep.equal({
      ACCESS_KEY_ID: 'local',
      SECRET_ACCESS_KEY: 'local-stand-in',
      REGION: 'local',
      TABLE: 'revoked',
      ENDPOINT: endpoint,
    });
    const { TableNames } = await new DynamoDBClient().send(new ListTablesCommand());
    expect(TableNames).to.have.members(['revoked', 'events']);
    await close();
  });

  it('is what the AWS SDK finds without settings, and the environment is as before when it is closed', async () => {
    const before = pointedTo();
    process.env.AWS_REGION = 'mine';
    delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
    const mine = pointedTo();
    try {
      const { endpoint, close } = await openTestDynamoDB({ revoked: 'jti' });
      expect(pointedTo()).to.deep.equal({
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        AWS_REGION: 'local',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local-stand-in',
      });
      await close();
      expect(pointedTo()).to.deep.equal(mine);
      expect(process.env).not.to.have.property('AWS_ENDPOINT_URL_DYNAMODB');
    } finally {
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('is gone when it is closed', async () => {
    const { endpoint, close } = await openTestDynamoDB({ revoked: 'jti' });
    await close();
    const failure = await fetch(endpoint ?? '').catch((error) => error.cause.code);
    expect(failure).to.equal('ECONNREFUSED');
  });

  it('is gone too where a table cannot be made', async () => {
    const state = () => ({ ...pointedTo(), servers: listening() });
    const before = state();
    const failure = await refusalOf(openTestDynamoDB({ t: 'id' }));
    expect(failure).to.deep.equal({
      code: 'HARNESS_TABLE',
      message:
        'The table t cannot be made for the tests: TableName must be at least 3 characters long and at most 255 characters long.',
      fix: "Give it a name of 3 to 255 letters, digits, _, - and ., and for its keys 'id', or ['id', 'time'].",
    });
    expect(state()).to.deep.equal(before);
  });

  for (const file of ['one', 'another']) {
    describe(`that ${file} describe uses`, () => {
      const dynamodb = useDynamoDB({ revoked: 'jti' });

      it('is empty at the beginning', async () => {
        const client = new DynamoDBClient();
        const Key = { jti: { S: 'a' } };
        const { Item } = await client.send(new GetItemCommand({ TableName: 'revoked', Key }));
        expect(Item).to.equal(undefined);
        await client.send(new PutItemCommand({ TableName: 'revoked', Item: Key }));
        expect(process.env.AWS_ENDPOINT_URL_DYNAMODB).to.equal(dynamodb.endpoint);
        expect(dynamodb.secrets).to.include({ TABLE: 'revoked', ENDPOINT: dynamodb.endpoint });
      });
    });
  }
});
