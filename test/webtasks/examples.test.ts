import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { webtask } from 'webtask-kit/harness';
import { listWebtasks } from '../../runtime/project/index.ts';

const FOLDER = 'webtasks/examples';

describe('the examples', () => {
  it('are not among the webtasks that are built, since they are there to be read', () => {
    expect(listWebtasks('webtasks').filter((file) => file.includes('examples'))).to.deep.equal([]);
  });

  it('are these, each with its test below', function () {
    const tested = this.test?.parent?.suites.map((suite) => suite.title);
    expect(tested).to.have.members(readdirSync(FOLDER));
  });

  describe('callback.js', () => {
    it('answers with its result as JSON', async () => {
      const task = await webtask(`${FOLDER}/callback.js`, { secrets: {} });
      const res = await task.get();
      expect(res).to.have.status(200).and.header('Content-Type', 'application/json').and.json('Hello, world!');
    });
  });

  describe('context.js', () => {
    it('greets who is named in the query, with the secret greeting', async () => {
      const task = await webtask(`${FOLDER}/context.js`, { secrets: { GREETING: 'Good morning' } });
      const res = await task.get('/?name=Ada');
      expect(res).to.have.status(200).and.json({ text: 'Good morning, Ada!' });
    });

    it('answers with the status of its error', async () => {
      const task = await webtask(`${FOLDER}/context.js`, { secrets: { GREETING: 'Good morning' } });
      const res = await task.get();
      expect(res).to.have.status(422);
      expect(res.json).to.include({ code: 422, error: 'Script returned an error.', message: 'name is missing' });
    });
  });

  describe('http.js', () => {
    it('answers with the SHA-256 of the body that it read itself', async () => {
      const task = await webtask(`${FOLDER}/http.js`, { secrets: {} });
      const res = await task.post('/', { body: 'abc' });
      expect(res).to.have.status(200).and.header('Content-Type', 'text/plain');
      expect(res.body).to.equal('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    });
  });

  describe('fetch.js', () => {
    it('answers with a web-standard response', async () => {
      const task = await webtask(`${FOLDER}/fetch.js`, { secrets: {}, params: { currency: 'EUR' } });
      const res = await task.post('/', { body: [12, 30] });
      expect(res).to.have.status(201).and.header('Content-Type', 'application/json');
      expect(res).to.have.json({ total: 42, currency: 'EUR' });
    });
  });

  describe('promise.js', () => {
    it('answers with what its promise came to, here the answer of an API', async () => {
      const api = createServer((_req, res) => res.end('{"status":"up"}')).listen(0, '127.0.0.1');
      try {
        await new Promise((resolve) => api.once('listening', resolve));
        const { port } = api.address() as AddressInfo; // a server that listens on TCP has one
        const task = await webtask(`${FOLDER}/promise.js`, { secrets: { API_URL: `http://127.0.0.1:${port}/` } });
        expect(await task.get())
          .to.have.status(200)
          .and.json({ status: 'up' });
      } finally {
        api.closeAllConnections();
        api.close();
      }
    });
  });

  describe('return.js', () => {
    it('answers with what it read from its secrets while it loaded', async () => {
      const task = await webtask(`${FOLDER}/return.js`, { secrets: { PLANS: 'free,pro' } });
      expect(await task.get())
        .to.have.status(200)
        .and.json({ plans: ['free', 'pro'] });
    });
  });

  describe('storage.js', () => {
    it('counts on from the document that is stored', async () => {
      const task = await webtask(`${FOLDER}/storage.js`, { secrets: {}, storage: { count: 41 } });
      expect(await task.get())
        .to.have.status(200)
        .and.json({ count: 42 });
    });

    it('counts every one of two calls at once, by trying again after a conflict', async () => {
      const task = await webtask(`${FOLDER}/storage.js`, { secrets: {} });
      const both = await Promise.all([task.get(), task.get()]);
      expect(both.map((res) => res.json)).to.have.deep.members([{ count: 1 }, { count: 2 }]);
    });
  });

  describe('typescript.ts', () => {
    it('computes with the rate of its parameters, whatever the query says', async () => {
      const task = await webtask(`${FOLDER}/typescript.ts`, { secrets: {}, params: { rate: 0.25 } });
      expect(await task.get('/?net=200&rate=0'))
        .to.have.status(200)
        .and.json({ net: 200, gross: 250 });
    });
  });

  describe('express.js', () => {
    it('answers from a route of the app, which reads the body and the context', async () => {
      const task = await webtask(`${FOLDER}/express.js`, { secrets: { SIGNATURE: 'Ada' } });
      const res = await task.post('/express/notes', { body: { text: 'Hello' } });
      expect(res).to.have.status(201).and.json({ text: 'Hello - Ada' });
    });
  });
});
