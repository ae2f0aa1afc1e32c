/** The staging API's endpoints, as far as the scripts check their responses. */

/** A request with its complete body. */
export interface ApiRequest {
  method: string;
  url: URL;
  body: string;
}

export interface ApiResponse {
  status: number;
  body: unknown;
  /** Time in service, ms. Absent: responds at once, without a slot. */
  serviceMs?: number;
}

/** A database query. */
const QUERY_MS = 40;
/** A question to the model, and the query that it generates. */
const ASK_MS = 400;

const DASHBOARD = {
  revenue: { total: 1_284_500, currency: 'USD', change: 0.083 },
  expenses: { total: 912_300, currency: 'USD', change: 0.021 },
  profit: { total: 372_200, currency: 'USD', change: 0.27 },
};

const ACCOUNTS = [
  { id: 'acc-1', name: 'Operating', balance: 482_100.5 },
  { id: 'acc-2', name: 'Payroll', balance: 120_040 },
  { id: 'acc-3', name: 'Reserve', balance: 903_777.25 },
];

const MAX_TRANSACTIONS = 100;

const ROUTES: Readonly<Record<string, (request: ApiRequest) => ApiResponse>> = {
  'GET /api/dashboard': () => ({ status: 200, body: DASHBOARD, serviceMs: QUERY_MS }),
  'GET /api/accounts': () => ({ status: 200, body: { accounts: ACCOUNTS }, serviceMs: QUERY_MS }),
  'GET /api/transactions': transactions,
  'POST /api/ask': ask,
};

export function respond(request: ApiRequest): ApiResponse {
  const route = ROUTES[`${request.method} ${request.url.pathname}`];
  return route ? route(request) : { status: 404, body: { error: 'not found', endpoints: Object.keys(ROUTES) } };
}

function transactions({ url }: ApiRequest): ApiResponse {
  const limit = Number(url.searchParams.get('limit') ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_TRANSACTIONS) {
    return { status: 400, body: { error: `limit must be a whole number from 1 to ${MAX_TRANSACTIONS}` } };
  }
  const list = Array.from({ length: limit }, (_, i) => ({
    id: `txn-${i + 1}`,
    account: ACCOUNTS[i % ACCOUNTS.length]?.id,
    amount: 100 + ((i * 37) % 900),
  }));
  return { status: 200, body: { transactions: list }, serviceMs: QUERY_MS };
}

function ask({ body }: ApiRequest): ApiResponse {
  const question = questionOf(body);
  if (question === null) return { status: 400, body: { error: 'give a JSON body such as {"question":"…"}' } };
  return {
    status: 200,
    body: {
      question,
      answer: 'Total revenue is $1,284,500.',
      sql: 'SELECT SUM(amount) FROM transactions WHERE amount > 0',
    },
    serviceMs: ASK_MS,
  };
}

function questionOf(body: string): string | null {
  try {
    const question: unknown = JSON.parse(body)?.question;
    return typeof question === 'string' && question !== '' ? question : null;
  } catch {
    return null;
  }
}
