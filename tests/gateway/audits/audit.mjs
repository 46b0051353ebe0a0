// The audits of GraphQL over HTTP (npm package graphql-http), against one server, with a bearer token:
//     node audit.mjs http://127.0.0.1:8080/graphql TOKEN
// Prints one line of JSON an audit: {"id", "name", "status": "ok" | "warn" | "error" | "notice", "reason"?}.
import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);
const fetchFn = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
};
for (const audit of serverAudits({ url, fetchFn })) {
  const { status, reason } = await audit.fn();
  console.log(JSON.stringify({ id: audit.id, name: audit.name, status, reason }));
}
