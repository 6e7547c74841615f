import { generateKeyPairSync, type KeyObject, sign, verify as verifySignature } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { jwtVerify } from 'jose';
import { ALGORITHMS, type Algorithm, type AlgorithmName } from '../../runtime/identity/algorithms.ts';
import { createVerifier, openRevocation, type RevocationChecker } from '../../runtime/identity/index.ts';
import { createMemoryStore } from '../../runtime/store/index.ts';
import type { BenchOptions, BenchResult } from './bench.ts';
import { installPeers, lockedVersions } from './support/peers.ts';
import { inTurns, ratioOf, summaries } from './support/rounds.ts';

const ISSUER = 'https://login.example.com/';
const AUDIENCE = 'https://api.example.com';
const KID = 'k1';
const ACCEPTED: readonly AlgorithmName[] = ['RS256', 'ES256', 'EdDSA'];
/** Revoked tokens that the check has to know. */
const REVOKED = 10_000;

/** How many tokens are verified in a turn; and in how many turns the first ones come again. */
const TURN = 500;
const TURNS = 6;

/** Verifies the tokens of a turn, as a server has them: texts that were never seen before. */
interface Contender {
  readonly name: string;
  readonly alg: AlgorithmName;
  /** Whether the tokens are the same in every turn. */
  readonly isWarm?: boolean;
  run(tokens: readonly string[], turn: number): void | Promise<void>;
}

/** What is used of the peers, whose types are installed with them alone. */
interface FastJwt {
  createVerifier(options: object): (token: string) => unknown;
}
interface JwksRsa {
  expressJwtSecret(options: object): unknown;
}
interface ExpressJwt {
  expressjwt(options: object): (req: object, res: object, next: (error?: unknown) => void) => void;
}

/** A key, and tokens that it signed. */
interface Material {
  readonly alg: AlgorithmName;
  readonly jwk: object;
  readonly pem: string;
  readonly publicKey: KeyObject;
  readonly tokens: readonly Buffer[];
}

/**
 * Measures how many access tokens a second are verified on one core: here, with a check of revocation, against the bare
 * signature, and against what others do with the same tokens.
 */
export async function bench({ quick, say }: BenchOptions): Promise<BenchResult> {
  const hasPeers = installPeers(say);
  const turnLength = quick ? TURN / 10 : TURN;
  const materials = ACCEPTED.map((alg) => material(alg, TURNS * turnLength));
  const [rsa] = materials;
  if (!rsa) throw new Error('there is no key');
  const revocation = openRevocation({ store: createMemoryStore(), tenants: ['bench'], maxStaleness: 60 });
  const keys = createServer((_, res) => res.end(JSON.stringify({ keys: [rsa.jwk] }))).listen(0, '127.0.0.1');
  await once(keys, 'listening');
  try {
    const checker = revocation.tenant('bench');
    await revocation.ready();
    for (let i = 0; i < (quick ? 10 : REVOKED); i++)
      await checker.revoke({ kind: 'jti', iss: ISSUER, id: `gone ${i}` });
    const { port } = keys.address() as AddressInfo; // it listens on TCP
    const peers = hasPeers ? peersOf(rsa, `http://127.0.0.1:${port}`) : [];
    const contenders = [...materials.flatMap((it) => [raw(it), verify(it, checker)]), again(rsa, checker), ...peers];
    const tokensOf = new Map(materials.map(({ alg, tokens }) => [alg, tokens]));
    const turns = new Map<Contender, number>();
    const measure = async (it: Contender): Promise<Record<string, number>> => {
      const turn = it.isWarm ? 0 : (turns.get(it) ?? 0) % TURNS;
      turns.set(it, turn + 1);
      const bytes = tokensOf.get(it.alg)?.slice(turn * turnLength, (turn + 1) * turnLength) ?? [];
      const tokens = bytes.map((token) => token.toString('latin1'));
      // Of the processor, whose time does not count what other programs do meanwhile.
      const began = process.cpuUsage();
      await it.run(tokens, turn);
      const { user, system } = process.cpuUsage(began);
      return { [it.name]: (tokens.length * 1_000_000) / (user + system) };
    };
    for (let i = 0; i < (quick ? 1 : 5); i++) for (const it of contenders) await measure(it); // until it is compiled
    const rounds = quick ? 3 : 41;
    const found = await inTurns(contenders, rounds, say, measure);
    const ratio = (name: string, reference: string) => ratioOf(found, name, reference);
    return {
      rounds,
      contenders: summaries(found, 'tokens/s of one core'),
      ratios: {
        'verify/raw': ratio('verify RS256', 'raw RS256'),
        'verify/raw ES256': ratio('verify ES256', 'raw ES256'),
        'verify/raw EdDSA': ratio('verify EdDSA', 'raw EdDSA'),
        'warm/raw': ratio('warm RS256', 'raw RS256'),
        ...Object.fromEntries(peers.map(({ name }) => [`verify/${name}`, ratio('verify RS256', name)])),
      },
      versions: {
        ...lockedVersions(['jose'], new URL('../../package-lock.json', import.meta.url)),
        ...(hasPeers && lockedVersions(['fast-jwt', 'express-jwt', 'jwks-rsa'])),
      },
    };
  } finally {
    keys.close();
    await revocation.close();
  }
}

/** The signature alone, of parts that were taken apart and decoded before. */
function raw({ alg, publicKey, tokens }: Material): Contender {
  const { hash, options }: Algorithm = ALGORITHMS[alg];
  const parts = tokens.map((token) => {
    const end = token.lastIndexOf('.');
    return [token.subarray(0, end), Buffer.from(token.toString('latin1', end + 1), 'base64url')] as const;
  });
  return {
    name: `raw ${alg}`,
    alg,
    run(tokens, turn) {
      const key = { key: publicKey, ...options };
      for (const [data, signature] of parts.slice(turn * tokens.length, (turn + 1) * tokens.length)) {
        if (!verifySignature(hash, data, key, signature)) throw new Error('a good signature was refused');
      }
    },
  };
}

function verify({ alg, jwk }: Material, checker: RevocationChecker): Contender {
  let verifier = verifierOf(jwk);
  return {
    name: `verify ${alg}`,
    alg,
    run(tokens, turn) {
      if (turn === 0) verifier = verifierOf(jwk); // one that has seen none of them
      for (const token of tokens) checked(verifier.verify(token), checker);
    },
  };
}

/** The same tokens for the second time and later, their times and revocation being looked at. */
function again({ alg, jwk }: Material, checker: RevocationChecker): Contender {
  const verifier = verifierOf(jwk);
  return {
    name: `warm ${alg}`,
    alg,
    isWarm: true,
    run(tokens) {
      for (const token of tokens) checked(verifier.verify(token), checker);
    },
  };
}

function verifierOf(jwk: object) {
  return createVerifier({ issuer: ISSUER, audience: AUDIENCE, jwks: { keys: [jwk] } });
}

function checked(token: Parameters<RevocationChecker['check']>[0], checker: RevocationChecker): void {
  if (checker.check(token).status !== 'active') throw new Error('a good token was refused');
}

/** What others do; express-jwt with jwks-rsa is what APIs of the original's time used. */
function peersOf({ alg, publicKey, pem }: Material, jwksUri: string): Contender[] {
  const require = createRequire(new URL('./peers/package.json', import.meta.url));
  const fastJwt = require('fast-jwt') as FastJwt;
  const fast = fastJwt.createVerifier({ key: pem, algorithms: [alg], allowedIss: ISSUER, allowedAud: AUDIENCE });
  const { expressJwtSecret } = require('jwks-rsa') as JwksRsa;
  const { expressjwt } = require('express-jwt') as ExpressJwt;
  const secret = expressJwtSecret({ jwksUri, cache: true, rateLimit: true });
  const pair = expressjwt({ secret, issuer: ISSUER, audience: AUDIENCE, algorithms: [alg] });
  return [
    {
      name: 'jose',
      alg,
      async run(tokens) {
        for (const token of tokens)
          await jwtVerify(token, publicKey, { issuer: ISSUER, audience: AUDIENCE, algorithms: [alg] });
      },
    },
    {
      name: 'fast-jwt',
      alg,
      run(tokens) {
        for (const token of tokens) fast(token);
      },
    },
    {
      name: 'seed-pair',
      alg,
      async run(tokens) {
        for (const token of tokens) {
          const req = { headers: { authorization: `Bearer ${token}` } };
          await new Promise<void>((resolve, reject) => {
            pair(req, {}, (error) => (error ? reject(error) : resolve()));
          });
        }
      },
    },
  ];
}

function material(alg: AlgorithmName, count: number): Material {
  const { keyType, hash, options }: Algorithm = ALGORITHMS[alg];
  const { publicKey, privateKey } =
    keyType === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : keyType === 'EC'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const header = part({ alg, typ: 'at+jwt', kid: KID });
  const tokens = Array.from({ length: count }, (_, i) => {
    const payload = part({
      iss: ISSUER,
      sub: `auth0|5f2a${i}`,
      aud: [AUDIENCE, `${ISSUER}userinfo`],
      iat: now,
      exp: now + 86_400,
      scope: 'openid profile read:orders write:orders',
      client_id: 'abcdefghijklmnopqrstuvwxyz012345',
      jti: `token ${i}`,
    });
    const signature = sign(hash, Buffer.from(`${header}.${payload}`), { key: privateKey, ...options });
    return Buffer.from(`${header}.${payload}.${signature.toString('base64url')}`);
  });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KID, alg, use: 'sig' };
  return { alg, jwk, publicKey, pem: String(publicKey.export({ type: 'spki', format: 'pem' })), tokens };
}
