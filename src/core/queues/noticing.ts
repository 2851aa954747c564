/** In which vhost the broker tells of new queues; or in words why it does not, or nobody may hear it. */
export type BrokerTells = { readonly vhost: string } | { readonly vhost: undefined; readonly why: string };

/**
 * By what workers notice new users, as the end of a sentence.
 *
 * @param listing what finds those that nobody tells of, such as "a listing every 30 s"
 */
export function noticedBy(broker: BrokerTells, listing: string): string {
  if (broker.vhost !== undefined) {
    return `announcements and the broker's events (in vhost ${JSON.stringify(broker.vhost)})`;
  }
  return `announcements, and ${listing}: ${broker.why}`;
}
