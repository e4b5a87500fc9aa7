// GraphiQL beside a token and a language, both sent with each request and each subscription.
import { GraphiQL } from "graphiql";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";
import "graphiql/graphiql.css";

const ENDPOINT = "/graphql";
const WELCOME = `# Paste a token of \`liudai token --role OPERATOR\` above, then press the play button.
# 在上方粘贴令牌（liudai token --role OPERATOR），然后点击运行。

{
  __typename
}
`;

const form = document.getElementById("caller");
const token = document.getElementById("token");
const language = document.getElementById("language");
const state = document.getElementById("state");

// The session's storage ends with the tab: a token is never left on the disk of a shared machine.
token.value = sessionStorage.getItem("liudai.token") ?? "";
language.value = sessionStorage.getItem("liudai.language") ?? "zh-CN";

function headers() {
  const sent = { "Accept-Language": language.value };
  const value = token.value.trim().replace(/^Bearer\s+/i, "");
  return value ? { ...sent, Authorization: `Bearer ${value}` } : sent;
}

function claims(value) {
  try {
    const part = value.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    return JSON.parse(atob(part));
  } catch {
    return null;
  }
}

function describe() {
  const value = token.value.trim();
  const found = claims(value);
  if (!value) return "no token / 未登录";
  if (!found) return "this is not a token / 不是有效令牌";
  if (found.exp && found.exp * 1000 < Date.now()) return `${found.sub}: expired / 已过期`;
  return `${found.sub ?? "?"}`;
}

const sockets = new URL(ENDPOINT, location.href);
sockets.protocol = sockets.protocol === "https:" ? "wss:" : "ws:";
const wsClient = createClient({ url: sockets.href, lazy: true, connectionParams: headers });
const post = createGraphiQLFetcher({
  url: ENDPOINT,
  fetch: (url, options) =>
    fetch(url, { ...options, headers: { ...options.headers, ...headers() } }),
});

// The toolkit finds a subscription by its name alone, and so posts one that has none.
function fetcher(params, options) {
  const found = getOperationAST(parse(params.query), params.operationName || undefined);
  return found?.operation === "subscription" ? wsClient.iterate(params) : post(params, options);
}

const root = createRoot(document.getElementById("graphiql"));
let reads = 0;

function render() {
  state.textContent = describe();
  // A new key reads the schema again, as the new caller sees it.
  root.render(<GraphiQL key={reads} fetcher={fetcher} defaultQuery={WELCOME} />);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("liudai.token", token.value.trim());
  sessionStorage.setItem("liudai.language", language.value);
  wsClient.terminate();
  reads += 1;
  render();
});
language.addEventListener("change", () => form.requestSubmit());

render();
