// A real OpenID provider that signs in, without asking, whoever it was told to last:
//   POST /account  {"sub": …, "email": …, "email_verified": …, "name": …, "groups": […]}
//   POST /rotate   its keys become others
// node idp.mjs <port> <redirect URI> <client id> <client secret>

import { createServer } from "node:http";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import Provider from "oidc-provider";

const [port, redirectUri, clientId, clientSecret] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
/** Everybody there is, by `sub`, and who is signed in next. */
const accounts = new Map();
let next = "nobody";

function key() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "RS256", use: "sig" };
}

function made() {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [redirectUri],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      token_endpoint_auth_method: "client_secret_basic",
      require_auth_time: true,
    }],
    jwks: { keys: [key()] },
    cookies: { keys: ["of the tests"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    // Claims stand in the ID token, as most providers have it, and not at another endpoint alone.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...accounts.get(sub), sub }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(ctx) {
      const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  return provider;
}

let provider = made();

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? {} : JSON.parse(text);
}

createServer(async (request, response) => {
  try {
    const path = new URL(request.url, issuer).pathname;
    if (path === "/account") {
      const account = await body(request);
      accounts.set(account.sub, account);
      next = account.sub;
      response.writeHead(204).end();
    } else if (path === "/rotate") {
      provider = made();
      response.writeHead(204).end();
    } else if (path.startsWith("/interaction/")) {
      await provider.interactionFinished(request, response, { login: { accountId: next } }, { mergeWithLastSubmission: false });
    } else {
      await provider.callback()(request, response);
    }
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(Number(port), "127.0.0.1");
