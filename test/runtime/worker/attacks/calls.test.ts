import { expect } from 'chai';
import { MODES, useAttacked } from '../../../support/attacked.ts';

/** Answers with what a callback is given. */
const TELL = '(error) => cb(null, error ? [error.code, error.message] : "done")';
const tooLarge = (bytes: number): string => `What was to be given to the server has ${bytes} bytes, more than 4194304.`;

for (const mode of MODES) {
  describe(`webtasks that give the server more than it reads (${mode})`, function () {
    this.timeout(60_000);
    const its = useAttacked(mode);
    /** Of a token for code, which fixes a name and may issue. */
    const attack = async (code: string): Promise<unknown> => {
      const token = await its.server.mint('gives.js', code, { ten: 'attacked', jtn: 'gives', dd: 1 });
      const answer = await its.attack('', { method: 'GET', headers: { Authorization: `Bearer ${token}` } });
      return JSON.parse(answer.body);
    };
    afterEach(async () => {
      expect((await its.ask('module.exports = cb => cb(null, { kept: global.kept });')).body).to.equal('{"kept":true}');
    });

    it('for storage: an error that the code can take, and its process goes on', async () => {
      const code = `global.kept = true; module.exports = (ctx, cb) => ctx.storage.set('x'.repeat(5 << 20), { force: 1 }, ${TELL});`;
      const [what, message] = (await attack(code)) as [number, string];
      expect([what, message.replace(/\d{7}(?= bytes)/, '5242971')]).to.deep.equal([413, tooLarge(5242971)]);
    });

    it('for a token: the same', async () => {
      const code = `global.kept = true; module.exports = (ctx, cb) => ctx.create_token({ pctx: { it: 'é'.repeat(3 << 20) } }, ${TELL});`;
      const [what, message] = (await attack(code)) as [string, string];
      expect([what, message.replace(/\d{7}(?= bytes)/, '6291000')]).to.deep.equal([
        'RUN_CALL_TOO_LARGE',
        tooLarge(6291000),
      ]);
    });

    it('for a token, of a size that the server reads: it says what a token may have', async () => {
      const code = `global.kept = true; module.exports = (ctx, cb) => ctx.create_token({ pctx: { it: 'x'.repeat(4000000) } }, ${TELL});`;
      expect(await attack(code)).to.deep.include('TOKEN_TOO_LONG');
    });
  });
}
