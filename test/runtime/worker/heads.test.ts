import { expect } from 'chai';
import { createReplyHeadReader, readRunHead, writeReplyHead, writeRunHead } from '../../../runtime/worker/heads.ts';
import { refusalIn } from '../../support/refusal.ts';

const RUN = {
  of: 7,
  method: 'GET',
  url: '/api/run/shop/pay?a=é',
  rawHeaders: ['Host', 'localhost', 'X', ''],
  address: '127.0.0.1',
  onlyIfItWritesHeaders: false,
  urlFormat: 1 as const,
  requestId: '1.2',
  tellsUsage: true,
};
const REPLY = { status: 200, statusMessage: 'OK', rawHeaders: ['A', 'b'], source: 'webtask' as const, failed: false };

describe('the head of a request', () => {
  it('arrives as it was sent', () => {
    for (const head of [RUN, { ...RUN, rawHeaders: [], onlyIfItWritesHeaders: true, tellsUsage: false }]) {
      expect(readRunHead(writeRunHead(head))).to.deep.equal(head);
    }
    expect(readRunHead(writeRunHead({ ...RUN, address: undefined })).address).to.equal(undefined);
  });

  it('is not sent where something in it would be read as more than it is', () => {
    for (const odd of [{ url: '/\nHost' }, { rawHeaders: ['A', 'b\nx-forwarded-for'] }]) {
      expect(refusalIn(() => writeRunHead({ ...RUN, ...odd }))).to.include({
        code: 'WORKER_FRAME_INVALID',
        message: 'A worker and its server do not understand each other: the head of a request has a line end.',
      });
    }
  });
});

describe('the head of an answer', () => {
  it('arrives as it was sent', () => {
    for (const head of [REPLY, { ...REPLY, status: 502, source: 'proxy' as const, failed: true, rawHeaders: [] }]) {
      expect(createReplyHeadReader()(writeReplyHead(head))).to.deep.equal(head);
    }
  });

  it('is the webtask’s where it says that it is of somebody unknown', () => {
    expect(createReplyHeadReader()('200\n2\nnetwork\nOK\nA\nb')).to.deep.equal(REPLY);
  });

  it('is read anew where it is not that of the answer before, also where that was refused', () => {
    const read = createReplyHeadReader();
    const other = { ...REPLY, status: 404 };
    expect(read(writeReplyHead(REPLY))).to.deep.equal(REPLY);
    expect(read(writeReplyHead(REPLY))).to.deep.equal(REPLY);
    expect(read(writeReplyHead(other))).to.deep.equal(other);
    for (let i = 0; i < 2; i++) expect(refusalIn(() => read('200'))).to.include({ code: 'WORKER_FRAME_INVALID' });
    expect(read(writeReplyHead(other))).to.deep.equal(other);
  });

  it('is refused where it cannot be one of HTTP', () => {
    for (const wrong of [
      ...['', '200', '200\n0\nwebtask', '{"status":200,"statusMessage":"","rawHeaders":[]}'],
      ...['99', '199', '1000', '2e2', ' 200', '200.5', 'NaN'].map((status) => `${status}\n0\nwebtask\n`),
      ...['A', 'A\nb\nC', '\nb', 'A b\nc', 'A\nb\r', 'A\n\x00', 'A\n€'].map((it) => `200\n0\nwebtask\nOK\n${it}`),
      '200\n0\nwebtask\nO\x01K',
    ]) {
      expect(
        refusalIn(() => createReplyHeadReader()(wrong)),
        JSON.stringify(wrong),
      ).to.include({
        code: 'WORKER_FRAME_INVALID',
        message: 'A worker and its server do not understand each other: the head of an answer is none.',
      });
    }
  });
});
