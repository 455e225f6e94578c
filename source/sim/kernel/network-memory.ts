/**
Pages that networking takes of a domain at most, by who takes them: whoever takes them is bounded by these, and a scenario whose domain
has less memory is refused. All of them are taken when first needed, and kept.
*/

/** Of a stack for what it sends through one interface. */
export const outgoingPages = 1024;
/** Of netfront for one interface: its two rings, and what it has posted and what waits to be posted, 256 each. */
export const netfrontReceivePages = 512;
export const netfrontPages = 2 + netfrontReceivePages;
/** Of netback for one interface: headers of packets under way. */
export const netbackPending = 1024;
export const netbackHeaderBytes = 128;
/** Of a NIC's driver: receive buffers, and the rings' descriptors. */
export const nicReceiveBuffers = 4096;
export const nicRingPages = 2;
/** Of a port of a bridge for segments cut in software: 256 headers, 16 in a page. */
export const portPages = 16;

export const guestVifPages = netfrontPages + outgoingPages;
export const backendVifPages = (netbackPending * netbackHeaderBytes) / 4096 + portPages;
export const nicPages = nicReceiveBuffers + nicRingPages + portPages;
export const bridgePages = outgoingPages + portPages;
