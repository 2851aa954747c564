import { type Command, Option } from 'commander';
import { parseDuration } from '../../core/values/quantities.js';

/** As they were given: what is left out has its default in `auth-from.ts`. */
export interface AuthFlags {
  auth?: AuthMode;
  jwks?: string;
  jwtIssuer?: string[];
  jwtAnyIssuer?: boolean;
  jwtAudience?: string[];
  jwtAnyAudience?: boolean;
  jwtAlgorithms?: string[];
  /** Milliseconds. */
  jwtLeeway?: number;
  userClaim?: string;
  tenantClaim?: string;
  rolesClaim?: string;
  userHeader?: string;
  tenantHeader?: string;
  rolesHeader?: string;
  trustedProxy?: string[];
  tokensFile?: string;
}

export const AUTH_MODES = ['jwt', 'header', 'tokens', 'none'] as const;
export type AuthMode = (typeof AUTH_MODES)[number];

const collect = (text: string, sofar: string[] = []) => [...sofar, text];
const collectList = (text: string, sofar: string[] = []) => [
  ...sofar,
  ...text.split(',').map((part) => part.trim()),
];

/** The flags that say how it is known who asks. */
export function withAuthOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--auth <how>',
        'what says which user asks: jwt, a signed token; header, a proxy; tokens, a file of tokens; none, whoever asks, ' +
          'in X-Fairq-User and with all roles, on loopback alone (default: none)',
      ).choices(AUTH_MODES),
    )
    .option(
      '--jwks <file|url>',
      'for jwt: the keys that sign tokens, a JSON Web Key Set; https unless on loopback',
    )
    .option('--jwt-issuer <iss>', 'for jwt: who may issue tokens (may be repeated)', collect)
    .option('--jwt-any-issuer', 'for jwt: anybody who has one of the keys')
    .option('--jwt-audience <aud>', 'for jwt: tokens are for one of these (may be repeated)', collect)
    .option('--jwt-any-audience', 'for jwt: take tokens that were made for other services, too')
    .option(
      '--jwt-algorithms <alg,alg>',
      'for jwt: these alone (default: all asymmetric ones; HS256, HS384 and HS512 only by name, and with a file)',
      collectList,
    )
    .option('--jwt-leeway <time>', 'for jwt: how far clocks may differ (default: 30s)', (text) =>
      parseDuration(text, '--jwt-leeway'),
    )
    .option('--user-claim <name>', 'for jwt: the claim with the user (default: sub)')
    .option('--tenant-claim <name>', "for jwt: the claim with the user's tenant")
    .option(
      '--roles-claim <name>',
      'for jwt: the claim with the roles viewer or operator; dots lead inwards (default: roles)',
    )
    .option(
      '--trusted-proxy <network>',
      'for header: whose headers count, such as 10.0.0.0/8 (may be repeated)',
      collect,
    )
    .option('--user-header <name>', 'for header: where the user is (default: X-Forwarded-User)')
    .option('--tenant-header <name>', "for header: where the user's tenant is")
    .option('--roles-header <name>', 'for header: where the roles are, with commas between them')
    .option('--tokens-file <file>', 'for tokens: a line for each, as "fairq serve token" prints it');
}
