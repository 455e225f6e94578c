/** What a guest's network stack and the programs above it cost, beside Linux's net/ipv4 and net/core: knobs of a plausible size. */
import type {Cost} from '../kernel/cost.js';

export const networkCosts = {
	poll: {name: 'net.poll', ns: 300, source: 'knob: net_rx_action: a softirq begins'},
	receive: {name: 'net.receive', ns: 700, source: 'knob: per packet, from netif_receive_skb to the socket'},
	wake: {name: 'net.wake', ns: 1500, source: 'knob: the program wakes, reads and writes its sockets, and sleeps'},
	transmit: {name: 'net.transmit', ns: 800, source: 'knob: per packet, from tcp_write_xmit to dev_hard_start_xmit'},
	copy: {name: 'net.copy', ns: 100, source: 'knob: per KiB, copied between kernel and program at 10 GB/s'},
	checksum: {name: 'net.checksum', ns: 250, source: 'knob: per KiB, summed at 4 GB/s where no device does it'},
	timer: {name: 'net.timer', ns: 400, source: 'knob: a timer of the stack or of the program'},
	start: {name: 'net.start', ns: 50_000, source: 'knob: a program starts and opens its sockets'},
} satisfies Record<string, Cost>;
