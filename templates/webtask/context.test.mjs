import { expect } from 'chai';
import { webtask } from 'webtask-kit/harness';

describe('{{name}}', () => {
  it('greets whoever the query names', async () => {
    const task = await webtask('{{file}}');
    const response = await task.get('/?name=Ada');
    expect(response).to.have.status(200);
    expect(response).to.have.json({ message: 'Hello, Ada!' });
  });

  it('refuses a request that names nobody', async () => {
    const task = await webtask('{{file}}');
    expect(await task.get('/')).to.have.status(400);
  });
});
