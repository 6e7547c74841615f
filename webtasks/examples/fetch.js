/**
 * `{ fetch(request, context) }`: the request and response of the web standard, in an ES module. Adds up an order.
 */
export default {
  /**
   * @param {Request} request
   * @param {import('webtask-kit').WebtaskContext} context
   */
  async fetch(request, context) {
    const prices = await request.json().catch(() => undefined);
    if (!Array.isArray(prices)) return new Response('The body must be a JSON array of prices.', { status: 400 });
    const total = prices.reduce((sum, price) => sum + price, 0);
    return Response.json({ total, currency: context.params.currency }, { status: 201 });
  },
};
