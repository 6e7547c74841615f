import { expect } from 'chai';
import type { ContextParts } from '../../../runtime/context/context.ts';
import { createContext } from '../../../runtime/context/index.ts';
import { WebtaskError } from '../../../runtime/errors.ts';

const storage = { get: () => undefined, set: () => undefined };

const contextOf = (parts: Partial<ContextParts> = {}) =>
  createContext({
    id: '1508272265633.92777',
    query: { q: '1' },
    params: { p: 2 },
    secrets: { S: 'three' },
    meta: { m: 'four' },
    headers: { host: 'here.test' },
    parsed: { body: undefined, raw: undefined },
    mergeBody: false,
    storage,
    ...parts,
  });

describe('a context', () => {
  it('has the fields that the original had', () => {
    const { create_token, create_token_url, ...fields } = contextOf();
    expect(fields).to.deep.equal({
      id: '1508272265633.92777',
      data: { q: '1', p: 2, S: 'three' },
      query: { q: '1' },
      params: { p: 2 },
      secrets: { S: 'three' },
      meta: { m: 'four' },
      headers: { host: 'here.test' },
      storage,
    });
    expect([typeof create_token, typeof create_token_url]).to.deep.equal(['function', 'function']);
  });

  it('has body, text and token only where there are any', () => {
    expect(contextOf()).to.not.have.any.keys('body', 'body_raw', 'token');
    const parsed = { body: { b: 1 }, raw: '{"b":1}' };
    expect(contextOf({ parsed, token: 'T' })).to.deep.include({ body: { b: 1 }, body_raw: '{"b":1}', token: 'T' });
    expect(contextOf({ parsed: { body: undefined, raw: '' } }))
      .to.include({ body_raw: '' })
      .and.not.have.key('body');
  });

  it('has a body that is null or false', () => {
    expect(contextOf({ parsed: { body: null, raw: 'null' } })).to.have.property('body', null);
    expect(contextOf({ parsed: { body: false, raw: 'false' } })).to.have.property('body', false);
  });

  it('has the body in its data only where merging is on', () => {
    const parsed = { body: { b: 1, S: 'x' }, raw: '' };
    expect(contextOf({ parsed }).data).to.deep.equal({ q: '1', p: 2, S: 'three' });
    expect(contextOf({ parsed, mergeBody: true }).data).to.deep.equal({ q: '1', p: 2, S: 'three', b: 1 });
  });

  it('lacks the header in which the platform passes the token on', () => {
    const headers = { host: 'here.test', 'x-wt-params': 'eyJ0b2tlbiI6IlQifQ' };
    expect(contextOf({ headers }).headers).to.deep.equal({ host: 'here.test' });
    expect(headers).to.have.property('x-wt-params'); // the request keeps it
  });

  it('is a copy: what one run writes into it is not there in the next', () => {
    const parts = { params: { p: 2 }, secrets: { S: 'three' }, meta: { m: 'four' }, headers: { host: 'here.test' } };
    const first = contextOf(parts);
    for (const record of [first.params, first.secrets, first.meta, first.headers, first.data]) {
      Object.assign(record, { p: 'changed', S: 'changed', m: 'changed', host: 'changed' });
    }
    const { data, params, secrets, meta, headers } = contextOf(parts);
    expect({ data, params, secrets, meta, headers }).to.deep.equal({
      data: { q: '1', p: 2, S: 'three' },
      params: { p: 2 },
      secrets: { S: 'three' },
      meta: { m: 'four' },
      headers: { host: 'here.test' },
    });
  });

  it('refuses to make tokens where that is not supported', () => {
    const context = contextOf();
    for (const method of ['create_token', 'create_token_url'] as const) {
      expect(() => context[method]({}, () => undefined))
        .to.throw(WebtaskError)
        .that.includes({
          code: 'CREATE_TOKEN_UNSUPPORTED',
          message: `The '${method}' method is not supported in this environment`,
        });
    }
  });

  it('says in development what was read of it and never given', () => {
    const sentences: string[] = [];
    const context = contextOf({ reportMissing: (sentence) => sentences.push(sentence) });
    const { A_B } = context.secrets;
    const { s } = context.data;
    const { pp } = context.params as { pp?: unknown };
    expect([A_B, s, pp, context.query.none, context.meta.none]).to.deep.equal(Array(5).fill(undefined));
    expect(sentences).to.deep.equal([
      'context.secrets.A_B was read, but no secret of that name was given.',
      'context.data.s was read, but no secret of that name was given. Did you mean S?',
      'context.params.pp was read, but no parameter of that name was given.',
    ]);
    expect(JSON.parse(JSON.stringify(context))).to.deep.include({ data: { q: '1', p: 2, S: 'three' } });
  });
});
