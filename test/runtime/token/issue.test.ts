import { expect } from 'chai';
import { issueToken, type TokenClaims } from '../../../runtime/token/index.ts';
import { NOW } from '../../support/keys.ts';
import { refusalIn } from '../../support/refusal.ts';

const MASTER: TokenClaims = {};
const URL = 'https://example.com/pay.js';
const HASH = 'a'.repeat(64);

const issue = (requested: Record<string, unknown>, parent: TokenClaims = MASTER) => issueToken(requested, parent, NOW);
const messageOf = (requested: Record<string, unknown>, parent: TokenClaims = MASTER) =>
  refusalIn(() => issue(requested, parent)).message;

describe('a token that is issued', () => {
  it('with the master key may be anything', () => {
    const requested = { jti: 'mine', ten: 'shop', url: URL, url_sha256: HASH, pb: 1, mb: 1, dr: 1, ls: 5, lts: 1 };
    expect(issue({ ...requested, exp: NOW + 9, nbf: NOW, pctx: { a: 1 }, ectx: { KEY: 'v' } })).to.deep.equal({
      claims: { ...requested, exp: NOW + 9, nbf: NOW, pctx: { a: 1 }, iat: NOW, ca: [], dd: 1 },
      secrets: { KEY: 'v' },
      code: undefined,
      meta: undefined,
    });
  });

  it('names its ancestors, oldest first', () => {
    expect(issue({}, { jti: 'b', ca: ['a'] }).claims.ca).to.deep.equal(['a', 'b']);
    expect(issue({}, { jti: 'a' }).claims.ca).to.deep.equal(['a']);
  });

  it('has what its parent had where nothing else was asked for', () => {
    const parent = { url: URL, url_sha256: HASH, pb: 1, mb: 1, meta: { a: 'b' }, pctx: { p: 1 }, jtn: 'pay' } as const;
    const limits = { ten: 'shop', exp: NOW + 9, nbf: NOW - 9, ls: 1, lm: 2, lh: 3, ld: 4, lw: 5, lo: 6, jtnm: ['pay'] };
    expect(issue({}, { jti: 'a', dd: 3, ...parent, ...limits }).claims).to.deep.equal({
      ...parent,
      ...limits,
      iat: NOW,
      ca: ['a'],
      dd: 2,
    });
  });

  it('does not have what was its parent’s alone: its limits, its host, and that it cannot revoke itself', () => {
    const parent = { jti: 'a', dd: 1, lts: 1, ltm: 1, lth: 1, ltd: 1, ltw: 1, lto: 1, host: 'a.test', dr: 1 };
    expect(issue({}, parent).claims).to.deep.equal({ iat: NOW, ca: ['a'], dd: 0 });
  });

  for (const [parent, requested, dd] of [
    [undefined, undefined, 1],
    [undefined, 5, 5],
    [undefined, 0, 0],
    [3, undefined, 2],
    [3, 1, 1],
    [3, 7, 2],
    [1, undefined, 0],
  ] as const) {
    it(`has depth ${dd} where its parent has ${parent} and ${requested} was asked for`, () => {
      const asked = requested === undefined ? {} : { dd: requested };
      expect(issue(asked, parent === undefined ? {} : { jti: 'a', dd: parent }).claims.dd).to.equal(dd);
    });
  }

  it('cannot be had from a token that issues none', () => {
    expect(refusalIn(() => issue({}, { jti: 'a', dd: 0 }))).to.deep.equal({
      code: 'TOKEN_CANNOT_ISSUE',
      message: 'The authentication webtask token cannot be used to issue new webtask tokens.',
      fix: undefined,
    });
  });

  it('takes numbers that are written as text, as the original client sends them', () => {
    const asText = {
      exp: `${NOW}`,
      nbf: '0',
      dd: '2',
      dr: '1',
      ls: '5',
      lto: '7',
      ten: '5',
      url: URL,
      pb: '2',
      mb: '1',
    };
    expect(issue(asText).claims).to.deep.equal({
      ...{ exp: NOW, nbf: 0, dd: 2, dr: 1, ls: 5, lto: 7, ten: '5', url: URL, pb: 2, mb: 1 },
      iat: NOW,
      ca: [],
    });
  });

  for (const [requested, message] of [
    [{ code_url: URL }, 'unsupported claim `code_url`'],
    [{ constructor: 1 }, 'unsupported claim `constructor`'],
    [{ iat: NOW }, 'unsupported claim `iat`'],
    [{ ca: [] }, 'unsupported claim `ca`'],
    [{ dd: -1 }, 'claim `dd` must be of type `whole number`'],
    [{ dd: 1.5 }, 'claim `dd` must be of type `whole number`'],
    [{ dd: '01' }, 'claim `dd` must be of type `whole number`'],
    [{ ls: 0 }, 'claim `ls` must be of type `whole number from 1 to 2147483647`'],
    [{ lts: '2147483648' }, 'claim `lts` must be of type `whole number from 1 to 2147483647`'],
    [{ exp: 'soon' }, 'claim `exp` must be of type `whole number of seconds`'],
    [{ ten: 1 }, 'claim `ten` must be of type `non-empty text`'],
    [{ ten: null }, 'claim `ten` must be of type `non-empty text`'],
    [{ ten: 'shop,' }, 'claim `ten` must be of type `container name, comma list or regular expression`'],
    [{ ten: 'shop,..' }, 'claim `ten` must be of type `container name, comma list or regular expression`'],
    [{ ten: '/shop/i' }, 'claim `ten` must be of type `container name, comma list or regular expression`'],
    ...['.', '..', 'a'.repeat(513)].map(
      (jtn) => [{ jtn, ten: 'shop' }, 'claim `jtn` must be of type `webtask name`'] as const,
    ),
    [{ jtn: 'a/b', ten: 'shop' }, 'claim `jtn` must be of type `webtask name`'],
    [{ url: 'file:///etc/passwd' }, 'claim `url` must be of type `http or https URL`'],
    [{ url: 'webtask://localhost/api/data/code/a%2Fb' }, 'claim `url` must be of type `http or https URL`'],
    [{ code: 1 }, 'claim `code` must be of type `text`'],
    [{ ectx: 'a.b' }, 'claim `ectx` must be of type `object of texts`'],
    [{ ectx: { A: 1 } }, 'claim `ectx` must be of type `object of texts`'],
    [{ meta: { a: 1 } }, 'claim `meta` must be of type `object of texts`'],
    [{ pctx: [] }, 'claim `pctx` must be of type `object`'],
    [{ url: URL, code: '' }, 'claim `url` cannot be set together with claim `code`'],
    [{ url_sha256: HASH }, 'claim `url_sha256` needs claim `url`'],
    [{ jtn: 'pay' }, 'claim `jtn` needs one container in claim `ten`, by its name'],
    [{ jtn: 'pay', ten: 'a,b' }, 'claim `jtn` needs one container in claim `ten`, by its name'],
    [{ jtn: 'pay', ten: '/^a$/' }, 'claim `jtn` needs one container in claim `ten`, by its name'],
    [{ ectx: { WEBTASK_X: '' } }, 'claim `ectx` cannot have WEBTASK_X: names that begin with WEBTASK_ are reserved'],
    [{ pctx: { WEBTASK_X: '' } }, 'claim `pctx` cannot have WEBTASK_X: names that begin with WEBTASK_ are reserved'],
  ] as const) {
    it(`is refused with 400 for ${JSON.stringify(requested)}`, () => {
      expect(messageOf(requested)).to.equal(message);
    });
  }

  for (const [claim, value, other] of [
    ['url', URL, 'https://example.com/other.js'],
    ['pctx', { a: 1 }, { b: 1 }],
    ['jtn', 'pay', 'other'],
    ['host', 'a.test', 'b.test'],
    ['ls', 5, 6],
    ['lm', 5, 4],
    ['lo', 5, 6],
  ] as const) {
    it(`cannot replace its parent’s ${claim}`, () => {
      expect(messageOf({ [claim]: other }, { jti: 'a', ten: 'shop', [claim]: value })).to.equal(
        `claim \`${claim}\` cannot be set: the authentication webtask token has its own \`${claim}\``,
      );
    });
  }

  it('cannot add to secrets that its parent has', () => {
    expect(messageOf({ ectx: { A: 'b' } }, { jti: 'a', ectx: 'sealed' })).to.equal(
      'claim `ectx` cannot be set: the authentication webtask token has its own `ectx`',
    );
  });

  it('may repeat the container’s limits of its parent, as the original client does when it updates', () => {
    expect(issue({ ls: '5' }, { jti: 'a', ls: 5 }).claims.ls).to.equal(5);
  });

  for (const [claim, value] of [
    ['code', 'return 1'],
    ['url_sha256', HASH],
    ['pb', 1],
    ['mb', 1],
    ['meta', { 'wt-compiler': 'https://evil.test/compiler.js' }],
  ] as const) {
    it(`cannot have another ${claim} than its parent where that fixes the code, which would run in another way`, () => {
      expect(messageOf({ [claim]: value }, { jti: 'a', url: URL })).to.equal(
        `claim \`${claim}\` cannot be set: the authentication webtask token has its own \`url\``,
      );
    });
  }

  it('has pb and mb only where it fixes code', () => {
    expect(issue({ pb: 1, mb: 1 }).claims).to.deep.equal({ iat: NOW, ca: [], dd: 1 });
    expect(issue({ pb: 1, mb: 1, code: '' }).claims).to.include({ pb: 1, mb: 1 });
    expect(issue({ pb: 1, mb: 1, jtn: 'a', ten: 'shop' }).claims).to.include({ pb: 1, mb: 1 });
    expect(issue({ pb: 1 }, { jti: 'a', url: URL, pb: 1 }).claims).to.include({ pb: 1 });
    expect(issue({}, { jti: 'a', pb: 1, mb: 1 }).claims).to.not.have.any.keys('pb', 'mb');
  });

  for (const [parent, requested] of [
    ['shop', 'books'],
    ['shop,books', 'books,toys'],
    ['shop', '/^shop$/'],
    ['/^shop[0-9]$/', '/^shop[0-9]$/'],
    ['/^shop[0-9]$/', 'shop1,shopX'],
  ] as const) {
    it(`for ${requested} cannot be had from a token for ${parent}`, () => {
      expect(messageOf({ ten: requested }, { jti: 'a', ten: parent })).to.equal(
        `claim \`ten\` cannot go beyond that of the authentication webtask token, which is \`${parent}\``,
      );
    });
  }

  for (const [parent, requested] of [
    [undefined, '/^shop[0-9]$/'],
    ['shop,books', 'books'],
    ['shop, books', 'books, shop'],
    ['/^shop[0-9]$/', 'shop1,shop2'],
  ] as const) {
    it(`for ${requested} can be had from a token for ${parent ?? 'every container'}`, () => {
      const claims = parent === undefined ? {} : { jti: 'a', ten: parent };
      expect(issue({ ten: requested }, claims).claims.ten).to.equal(requested);
    });
  }

  it('with a pattern that RE2 does not read is refused when it is asked for', () => {
    const reason = 'invalid or unsupported Perl syntax: `(?=` (look-around and back-references cannot be used)';
    expect(messageOf({ ten: '/(?=a)/' })).to.equal(`claim \`ten\` cannot be used: ${reason}`);
    expect(messageOf({ ten: `/${'a'.repeat(257)}/` })).to.equal(
      'claim `ten` cannot be used: it has more than 256 characters',
    );
  });

  it('expires no later, and begins no earlier, than its parent', () => {
    const parent = { jti: 'a', exp: NOW + 9, nbf: NOW };
    expect(issue({ exp: NOW + 9, nbf: NOW }, parent).claims).to.include({ exp: NOW + 9, nbf: NOW });
    expect(issue({ exp: NOW + 8, nbf: NOW + 1 }, parent).claims).to.include({ exp: NOW + 8, nbf: NOW + 1 });
    expect(messageOf({ exp: NOW + 10 }, parent)).to.equal(
      `claim \`exp\` cannot go beyond that of the authentication webtask token, which is \`${NOW + 9}\``,
    );
    expect(messageOf({ nbf: NOW - 1 }, parent)).to.equal(
      `claim \`nbf\` cannot go beyond that of the authentication webtask token, which is \`${NOW}\``,
    );
  });

  it('manages no names that its parent does not', () => {
    const parent = { jti: 'a', ten: 'shop', jtnm: ['pay', 'ship'] };
    expect(issue({ jtn: 'pay', jtnm: ['ship'] }, parent).claims).to.deep.include({ jtn: 'pay', jtnm: ['ship'] });
    expect(messageOf({ jtn: 'x' }, parent)).to.equal(
      'claim `jtn` cannot go beyond that of the authentication webtask token, which is `pay, ship`',
    );
    expect(messageOf({ jtnm: ['pay', 'x'] }, parent)).to.equal(
      'claim `jtnm` cannot go beyond that of the authentication webtask token, which is `pay, ship`',
    );
  });

  it('has an id of the caller’s choice from the master key only: another could take the id of a revoked one', () => {
    expect(issue({ jti: 'mine' }).claims.jti).to.equal('mine');
    expect(messageOf({ jti: 'mine' }, { jti: 'a' })).to.equal('unsupported claim `jti`');
  });

  it('has its metadata beside it where it has a name, and in itself where not', () => {
    const named = issue({ ten: 'shop', jtn: 'pay', code: '', meta: { a: 'b' } });
    expect(named.claims).to.not.have.property('meta');
    expect(named.meta).to.deep.equal({ a: 'b' });
    const nameless = issue({ ten: 'shop', code: '', meta: { a: 'b' } });
    expect(nameless.claims.meta).to.deep.equal({ a: 'b' });
    expect(nameless.meta).to.equal(undefined);
  });
});
