// An OpenID Connect issuer for the tests: oidc-provider as it is, on a free port of this machine.
//
// It says `listening <issuer>` when it is ready. A line on standard input orders it about:
//   rotate <ES256|RS256|EdDSA>   new signing keys, the old ones gone; answers `rotated`
// Clients get access tokens by client_credentials; which client it is says what the tokens carry, so
// that a test asks for a group or a subject by a client's name.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import Provider from 'oidc-provider';

const SECRET = 'a-secret-of-the-tests-that-opens-nothing';
const CLIENTS = ['adviser-segou', 'director', 'no-group', 'bad-subject'];
const GROUPS = {
  'adviser-segou': ['unknown', 'sira-adviser-segou'],
  director: ['sira-director'],
  'bad-subject': ['sira-director'],
};

function newKey(algorithm) {
  const made = {
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: () => generateKeyPairSync('ed25519'),
  }[algorithm]();
  const key = made.privateKey.export({ format: 'jwk' });
  return { ...key, kid: randomUUID(), use: 'sig', alg: algorithm };
}

function provider(issuer, algorithm) {
  return new Provider(issuer, {
    jwks: { keys: [newKey(algorithm)] },
    clients: CLIENTS.map((client_id) => ({
      client_id,
      client_secret: SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: algorithm,
    })),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: 'api',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    formats: {
      customizers: {
        jwt(_, token, parts) {
          const subject = token.clientId === 'bad-subject' ? 'Not An Actor!' : token.clientId;
          parts.payload.sub = subject;
          parts.payload.groups = GROUPS[token.clientId] ?? [];
          return parts;
        },
      },
    },
  });
}

let handle;
const server = createServer((request, response) => handle(request, response));
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  handle = provider(issuer, 'RS256').callback();
  console.log(`listening ${issuer}`);
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const [order, algorithm] = line.split(' ');
      if (order !== 'rotate') return;
      handle = provider(issuer, algorithm).callback();
      console.log('rotated');
    })
    // Whoever started it is gone.
    .on('close', () => process.exit(0));
});
