/**
 * A channel has one request under way at a time: several take up many queues side by side. And the fewer
 * queues a channel has, the more of its deliveries end in their order, which one frame acknowledges. With
 * 100 users, 32 channels cost the broker a fifth less than 4. With light users on 64 queues, a third of the
 * tasks took a frame of their own on 32 channels, and none does on 64. 32 channels more take 10 ms to open.
 */
const CHANNELS = 64;
/** Where a connection may have few. */
const FEW_CHANNELS = 32;
/** A connection that may have so many has room for `CHANNELS`. */
const ENOUGH_ROOM = 128;
/** What a worker uses beside, for itself. */
const OTHERS = 15;

/** @param channelMax channels that the connection may have */
export function consumerChannels(channelMax: number): number {
  return channelMax >= ENOUGH_ROOM ? CHANNELS : FEW_CHANNELS;
}

/** Channels that a worker cannot do without. @param channelMax that its connection may have */
export function channelsNeeded(channelMax: number): number {
  return consumerChannels(channelMax) + OTHERS;
}
