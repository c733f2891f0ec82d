/** What a client is to the channels of its site. */
export interface Member {
  readonly id: string
  readonly site: string
  readonly channels: Set<string>
}

interface Room<M> {
  readonly clients: Map<string, M>
  readonly channels: Map<string, Set<M>>
}

/** Who is connected to which site, and has subscribed to which of its channels. Sites and channels without anyone are forgotten. */
export const liveRooms = <M extends Member>() => {
  const rooms = new Map<string, Room<M>>()

  const leaveChannel = ({ channels }: Room<M>, member: M, channel: string): void => {
    const members = channels.get(channel)
    members?.delete(member)
    if (members?.size === 0) channels.delete(channel)
  }

  return {
    add: (member: M): void => {
      const room = rooms.get(member.site) ?? { clients: new Map(), channels: new Map() }
      room.clients.set(member.id, member)
      rooms.set(member.site, room)
    },
    /** False if it was not there. */
    remove: (member: M): boolean => {
      const room = rooms.get(member.site)
      if (room === undefined || !room.clients.delete(member.id)) return false
      for (const channel of member.channels) leaveChannel(room, member, channel)
      member.channels.clear()
      if (room.clients.size === 0) rooms.delete(member.site)
      return true
    },
    subscribe: (member: M, channel: string): void => {
      const room = rooms.get(member.site)
      if (room === undefined) return
      member.channels.add(channel)
      const members = room.channels.get(channel)
      if (members === undefined) room.channels.set(channel, new Set([member]))
      else members.add(member)
    },
    /** False if it had not subscribed. */
    unsubscribe: (member: M, channel: string): boolean => {
      const room = rooms.get(member.site)
      if (room === undefined || !member.channels.delete(channel)) return false
      leaveChannel(room, member, channel)
      return true
    },
    find: (site: string, id: string): M | undefined => rooms.get(site)?.clients.get(id),
    /** A copy, so that whoever reads it may remove members. With `""` all of the site. */
    members: (site: string, channel: string): ReadonlyArray<M> => {
      const room = rooms.get(site)
      return [...((channel === "" ? room?.clients.values() : room?.channels.get(channel)) ?? [])]
    },
    count: (site: string, channel: string): number => {
      const room = rooms.get(site)
      return (channel === "" ? room?.clients.size : room?.channels.get(channel)?.size) ?? 0
    },
    /** How many each channel of a site has; `""` is all of them. Without a prototype, since channels have any name. */
    channels: (site: string): Readonly<Record<string, number>> => {
      const counts: Record<string, number> = Object.create(null)
      const room = rooms.get(site)
      if (room === undefined) return counts
      counts[""] = room.clients.size
      for (const [channel, members] of room.channels) counts[channel] = members.size
      return counts
    },
    sites: (): ReadonlyArray<string> => [...rooms.keys()],
  }
}
