import { expect } from 'chai';
import { fail, WebtaskError } from '../../runtime/errors.ts';

describe('an error of the kit', () => {
  it('carries code, status, fault, fields, the filled text and the way out', () => {
    const error = new WebtaskError('COMPILE_NOT_A_FUNCTION', { exported: 'a string' });
    expect(error).to.include({
      name: 'WebtaskError',
      code: 'COMPILE_NOT_A_FUNCTION',
      status: 400,
      fault: 'webtask',
      message: 'Supplied code must return or export a function. It exported a string.',
      fix: 'Assign a function to module.exports, return one at top level, or use export default.',
    });
    expect(error.fields).to.deep.equal({ exported: 'a string' });
  });

  it('keeps its cause', () => {
    const cause = new SyntaxError('Unexpected token');
    expect(() => fail('COMPILE_FAILED', { reason: cause.message }, { cause }))
      .to.throw(WebtaskError)
      .that.includes({ code: 'COMPILE_FAILED', message: 'Compilation failed: Unexpected token', cause });
  });
});
