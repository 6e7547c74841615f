import { expect } from 'chai';
import {
  openRevocation,
  type Revocation,
  revocationOf,
  type TenantRevocations,
} from '../../../../runtime/identity/revocation/index.ts';
import { createClient } from '../../../../runtime/store/client.ts';
import { createDynamoDBStore, type Store } from '../../../../runtime/store/index.ts';
import { type Fault, type FaultyDynamoDB, startFaultyDynamoDB } from '../../../support/faulty-dynamodb.ts';
import { ISS, NOW, verified } from '../../../support/revocation.ts';
import { until } from '../../../support/until.ts';

/** How the store's answers are called, what of it is said, and the error where it is another one than for most. */
const FAULTS: readonly (readonly [Exclude<Fault, 'none' | 'slow'>, string, code?: string])[] = [
  ['refuses', 'answers with 500'],
  ['throttles', 'is asked too often'],
  ['denies', 'does not allow it any more'],
  ['misses', 'has lost its table', 'STORE_NO_TABLE'],
  ['garbles', 'answers with something else'],
  ['cuts', 'closes its connections'],
  ['hangs', 'does not answer'],
];

const PATIENCE_MS = 600;

describe('revocation over a store that fails', function () {
  this.timeout(30_000);
  let dynamodb: FaultyDynamoDB;
  let store: Store;
  let time: number;
  let opened: Revocation[];
  let tests = 0;
  let tenant: string;

  before(async () => {
    dynamodb = await startFaultyDynamoDB('faults');
  });

  after(() => dynamodb.close());

  beforeEach(async () => {
    time = NOW;
    opened = [];
    tests += 1;
    tenant = `tenant ${tests}`;
    store = await createDynamoDBStore(await createClient(), 'faults', () => time, PATIENCE_MS);
  });

  afterEach(async () => {
    dynamodb.fault = 'none';
    for (const revocation of opened) await revocation.close();
    await store.close();
  });

  function open(): Revocation {
    const revocation = openRevocation({ store, tenants: [tenant], now: () => time * 1000 });
    opened.push(revocation);
    return revocation;
  }

  /** A process that has revoked one token, and one that knows of it. */
  async function openTwo(): Promise<readonly [TenantRevocations, TenantRevocations]> {
    const [one, two] = [open(), open()];
    await Promise.all([one.ready(), two.ready()]);
    await one.tenant(tenant).revoke(revocationOf(verified({ jti: 'revoked' })));
    await two.tenant(tenant).confirm(verified());
    return [one.tenant(tenant), two.tenant(tenant)];
  }

  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'done',
      (error: { code?: unknown }) => error.code,
    );

  for (const [fault, what, code = 'STORE_UNREACHABLE'] of FAULTS) {
    describe(`and ${what}`, () => {
      it('refuses on, and calls nothing active for longer than is allowed', async () => {
        const [, two] = await openTwo();
        dynamodb.fault = fault;
        expect(two.check(verified({ jti: 'revoked' })).status).to.equal('revoked');
        expect(two.check(verified()).status).to.equal('active');
        time = NOW + 6;
        expect(two.check(verified())).to.include({ status: 'unknown', asOf: NOW * 1000 });
        expect(two.check(verified({ jti: 'revoked' })).status).to.equal('revoked');
      });

      it('confirms nothing', async () => {
        const [, two] = await openTwo();
        dynamodb.fault = fault;
        expect((await two.confirm(verified())).status).to.equal('unknown');
        expect((await two.confirm(verified({ jti: 'revoked' }))).status).to.equal('revoked');
      });

      it('acknowledges no revocation, which is made when it is asked for again', async () => {
        const [one, two] = await openTwo();
        dynamodb.fault = fault;
        const revocation = revocationOf(verified({ jti: 'tried' }));
        expect(await codeOf(one.revoke(revocation))).to.equal(code);
        dynamodb.fault = 'none';
        await one.revoke(revocation);
        expect((await two.confirm(verified({ jti: 'tried' }))).status).to.equal('revoked');
      });

      it('from its second, third, fourth or fifth answer on, acknowledges only what all know', async () => {
        const [one, two] = await openTwo();
        for (const spared of [1, 2, 3, 4]) {
          const sub = `user ${spared}`;
          Object.assign(dynamodb, { fault, spared });
          const outcome = await codeOf(one.revoke({ kind: 'sub', iss: ISS, id: sub, notBefore: NOW }));
          dynamodb.fault = 'none';
          const { status } = await two.confirm(verified({ sub }));
          if (outcome === 'done') expect(status).to.equal('revoked');
          else expect(outcome).to.equal(code);
        }
      });

      it('says no reason, but that it cannot', async () => {
        const [one] = await openTwo();
        dynamodb.fault = fault;
        expect(await codeOf(one.reasonOf(verified({ jti: 'revoked' })))).to.equal(code);
      });

      it('starts without an answer, says so, and is ready when the store is', async () => {
        await openTwo();
        dynamodb.fault = fault;
        const three = open();
        expect((await three.tenant(tenant).confirm(verified())).status).to.equal('unknown');
        expect(three.tenant(tenant).check(verified({ jti: 'revoked' })).status).to.equal('unknown');
        await until(() => three.readiness().problem !== undefined);
        expect(three.readiness()).to.deep.include({ isReady: false, tenants: 1, ready: 0 });
        expect(three.readiness().problem).to.match(
          /^The (store did not answer: |DynamoDB table faults does not exist)/,
        );
        dynamodb.fault = 'none';
        await three.ready();
        expect(three.tenant(tenant).check(verified({ jti: 'revoked' })).status).to.equal('revoked');
        expect(three.tenant(tenant).check(verified()).status).to.equal('active');
      });
    });
  }
});
