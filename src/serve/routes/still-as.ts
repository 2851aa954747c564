import { type Identity, KeysUnavailable, Unauthenticated } from '../auth/identity.js';

/** Whether whoever asked is still known as the same user, with the same roles. */
export function stillAs({ user, roles }: Identity, identifyAgain: () => Promise<Identity>) {
  return async () => {
    try {
      const now = await identifyAgain();
      return now.user === user && [...roles].every((role) => now.roles.has(role));
    } catch (error) {
      if (error instanceof KeysUnavailable) return true; // nobody can be recognised now, and nobody was taken back
      if (error instanceof Unauthenticated) return false;
      throw error;
    }
  };
}
