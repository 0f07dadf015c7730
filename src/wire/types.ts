/** Numbers from IANA's DNS parameters that the code names. */

export const TYPE_A = 1
export const TYPE_CNAME = 5
export const TYPE_SOA = 6
export const TYPE_HINFO = 13
export const TYPE_TXT = 16
export const TYPE_AAAA = 28
export const TYPE_DNAME = 39
export const TYPE_OPT = 41
export const TYPE_RRSIG = 46
export const TYPE_NSEC = 47
export const TYPE_NSEC3 = 50
/** Service bindings (RFC 9460 §2): both lead to another name and may hint at its addresses. */
export const TYPE_SVCB = 64
export const TYPE_HTTPS = 65
/** Types 128 to 255 are questions or say something of a message, never data (RFC 6895 §3.1): NXNAME among them (RFC 9824 §3.4). */
export const TYPE_NXNAME = 128
export const TYPE_IXFR = 251
export const TYPE_AXFR = 252
export const TYPE_ANY = 255
export const TYPE_RESINFO = 261

export const CLASS_IN = 1
export const CLASS_CH = 3

export const NOERROR = 0
export const FORMERR = 1
export const SERVFAIL = 2
export const NXDOMAIN = 3
export const NOTIMP = 4
export const REFUSED = 5
/** Extended: its upper bits stand in the OPT record (RFC 6891 §6.1.3). */
export const BADVERS = 16

/** Extended DNS Errors (RFC 8914 §4). */
export const EDE_STALE_ANSWER = 3
export const EDE_CACHED_ERROR = 13
export const EDE_NOT_READY = 14
export const EDE_BLOCKED = 15
export const EDE_PROHIBITED = 18
export const EDE_STALE_NXDOMAIN = 19
export const EDE_NO_REACHABLE_AUTHORITY = 22
export const EDE_NETWORK_ERROR = 23

/** An EDE that is not there. */
export const NO_EDE = -1
