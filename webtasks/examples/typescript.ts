/**
 * TypeScript, as an ES module: adds the tax to a price. The rate is a parameter: signed with the token, so that a caller
 * reads it and cannot change it.
 */
import type { WebtaskCallback, WebtaskContext } from 'webtask-kit';

interface Price {
  net: number;
  gross: number;
}

export default function addTax(context: WebtaskContext, callback: WebtaskCallback): void {
  const net = Number(context.query.net);
  const rate = Number(context.params.rate);
  const price: Price = { net, gross: net * (1 + rate) };
  callback(null, price);
}
