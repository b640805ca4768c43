/* A stand-in for libnvidia-ml.so.1 and libcuda.so.1: one healthy GPU, and faults by the variable DLCHECK_STUB. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))
typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } Pci;
typedef struct { unsigned long long total, free, used; } Memory;
typedef struct { unsigned gpu, memory; } Load;
static int is(const char *fault) { const char *set = getenv("DLCHECK_STUB"); return set && !strcmp(set, fault); }
static int gone(void) { return is("lost") ? 15 : 0; }

API int nvmlInit_v2(void) {
  if (is("hang")) sleep(60);
  if (is("crash")) abort();
  return is("mismatch") ? 18 : is("unloaded") ? 9 : is("forbidden") ? 4 : is("unknown") ? 999 : 0;
}
API int nvmlInitWithFlags(unsigned flags) { (void)flags; return nvmlInit_v2(); }
API int nvmlShutdown(void) { return 0; }
API const char *nvmlErrorString(int code) { (void)code; return "an error of the stub"; }
API int nvmlSystemGetDriverVersion(char *text, unsigned length) { strncpy(text, "580.95.05", length); return 0; }
API int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 13000; return 0; }
API int nvmlDeviceGetCount_v2(unsigned *count) { *count = is("empty") ? 0 : 2; return 0; }
API int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
  *handle = (void *)(unsigned long)(index + 1);
  return is("lost") && index == 1 ? 15 : 0;
}
API int nvmlDeviceGetName(void *handle, char *text, unsigned length) {
  if (is("slow device")) sleep(60);
  strncpy(text, "NVIDIA Stub 100", length); return 0 * (long)handle;
}
API int nvmlDeviceGetUUID(void *handle, char *text, unsigned length) {
  strncpy(text, (long)handle == 1 ? "GPU-one" : (long)handle == 2 ? "GPU-two" : "MIG-one", length); return 0;
}
API int nvmlDeviceGetPciInfo_v3(void *handle, Pci *pci) {
  memset(pci, 0, sizeof *pci); strcpy(pci->bus_id, (long)handle == 1 ? "00000000:01:00.0" : "00000000:02:00.0"); return 0;
}
API int nvmlDeviceGetMemoryInfo(void *handle, Memory *memory) {
  memory->total = 1000; memory->free = 400; memory->used = 600; return 0 * (long)handle;
}
#ifndef WITHOUT_SYMBOLS
API int nvmlDeviceGetCudaComputeCapability(void *h, int *major, int *minor) { *major = 9; *minor = 0; return 0 * (long)h; }
API int nvmlDeviceGetCurrentClocksEventReasons(void *h, unsigned long long *mask) { *mask = is("hot") ? 0x60 : 1; return 0 * (long)h; }
#endif
API int nvmlDeviceGetTemperature(void *h, unsigned sensor, unsigned *heat) { *heat = is("hot") ? 95 : 40 + sensor; return 0 * (long)h; }
API int nvmlDeviceGetTemperatureThreshold(void *h, unsigned kind, unsigned *heat) { *heat = 90 + 0 * kind; return 0 * (long)h; }
API int nvmlDeviceGetUtilizationRates(void *h, Load *load) { load->gpu = 7; load->memory = 1; return gone() * ((long)h == 1); }
API int nvmlDeviceGetMigMode(void *h, unsigned *now, unsigned *then) { *now = is("mig"); *then = is("mig"); return 0 * (long)h; }
API int nvmlDeviceGetMaxMigDeviceCount(void *h, unsigned *count) { *count = 2; return 0 * (long)h; }
API int nvmlDeviceGetMigDeviceHandleByIndex(void *h, unsigned index, void **handle) {
  *handle = (void *)3; return index ? 6 : 0 * (int)(long)h;
}
API int nvmlDeviceGetEccMode(void *h, unsigned *now, unsigned *then) { *now = 1; *then = 1; return 0 * (long)h; }
API int nvmlDeviceGetTotalEccErrors(void *h, unsigned kind, unsigned counter, unsigned long long *count) {
  *count = is("ecc") && kind == 1 ? 3 : 0; return 0 * (long)h * counter;
}
API int nvmlDeviceGetRemappedRows(void *h, unsigned *a, unsigned *b, unsigned *pending, unsigned *failed) {
  *a = 0; *b = 0; *pending = is("ecc"); *failed = 0; return 0 * (long)h;
}
API int nvmlDeviceGetComputeMode(void *h, unsigned *mode) { *mode = is("exclusive") ? 3 : 0; return 0 * (long)h; }
API int nvmlDeviceGetPersistenceMode(void *h, unsigned *mode) { *mode = 1; return 0 * (long)h; }
API int nvmlDeviceValidateInforom(void *h) { return is("inforom") ? 14 : 0 * (int)(long)h; }

API int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
API int cuInit(unsigned flags) {
  if (is("hang")) sleep(60);
  if (is("crash")) abort();
  return is("mismatch") ? 803 : is("unloaded") ? 100 : is("fabric") ? 802 : is("unknown") ? 999 : (int)flags;
}
API int cuDeviceGetCount(int *count) { *count = 2; return 0; }
API int cuDeviceGet(int *device, int index) { *device = index; return 0; }
API int cuDeviceGetName(char *text, int length, int device) { strncpy(text, "NVIDIA Stub 100", length); return 0 * device; }
API int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = attribute == 75 ? 9 : 0; return 0 * device; }
API int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = 1000; return 0 * device; }
API int cuDeviceGetPCIBusId(char *text, int length, int device) { strncpy(text, "0000:01:00.0", length); return 0 * device; }
