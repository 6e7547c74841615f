export { type Exchange, type ExchangeReply, openExchange } from './exchange.ts';
