// @ts-nocheck: oidc-provider is installed for these tests alone, and has no types.
/**
 * An issuer of access tokens, as others run it: an OpenID Connect server on loopback. It says `issuer URL`, and what it did
 * for each line that it reads: `publish` a new key beside the one that signs, `sign` with the newest, `retire` all others, and
 * `logout URL` sends there that the user called `shop` has signed out: a client that acts for itself is its own user.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const API = 'https://api.example.com';
const SCOPES = 'read:orders write:orders';
const client = (client_id, others = {}) => ({
  ...others,
  client_id,
  client_secret: 'secret',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});

const newKey = () => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid: randomUUID(),
  alg: 'RS256',
  use: 'sig',
});

/** The first one signs. */
let keys = [newKey()];
let answer;
let provider;
const server = createServer((req, res) => answer(req, res)).listen(0, '127.0.0.1', () => {
  begin();
  console.log(`issuer ${issuer()}`);
});
const issuer = () => `http://127.0.0.1:${server.address().port}`;

/** Its keys are given to it when it is made, so there is a new one for other keys. */
function begin(others) {
  provider = new Provider(issuer(), {
    clients: [client('shop', others), client('visitor')],
    jwks: { keys },
    scopes: SCOPES.split(' '),
    fetch: (url, { method, headers, body }) => fetch(url, { method, headers, body }), // its own calls nobody on this machine
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, audience) => ({
          audience,
          scope: SCOPES,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  answer = provider.callback();
}

createInterface({ input: process.stdin }).on('line', async (text) => {
  const [line, url] = text.split(' ');
  if (line === 'publish') keys = [...keys, newKey()];
  if (line === 'sign') keys = [keys.at(-1), ...keys.slice(0, -1)];
  if (line === 'retire') keys = keys.slice(0, 1);
  begin(line === 'logout' ? { backchannel_logout_uri: url } : {});
  if (line === 'logout') await (await provider.Client.find('shop')).backchannelLogout('shop');
  console.log(`did ${line}: ${keys.length} keys for ${API}`);
});
