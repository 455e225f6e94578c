/** What is known of the transport checksum (TCP, UDP) in a packet. */
export const checksumPresent = 0;
/** Only the pseudo header's sum is in the field: whoever puts the packet on a wire fills it in. */
export const checksumBlank = 1;
/** It has been looked at and is right. */
export const checksumValidated = 2;
export type ChecksumState = typeof checksumPresent | typeof checksumBlank | typeof checksumValidated;
