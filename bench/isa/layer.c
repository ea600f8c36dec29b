/*
 * A Vulkan layer for a driver without hardware. Mesa's RADV compiles for any of AMD's GPUs on a device that is not there
 * (RADV_FORCE_FAMILY), but falls over the commands that Dawn records on every device. This layer
 *
 *   - lets no command through: recording, submitting and waiting do nothing and succeed;
 *   - has the driver keep what it made of each compute pipeline (VK_KHR_pipeline_executable_properties) and appends it to the
 *     file $ISA_REPORT: a line `name: value` for each statistic, then a line `assembly:` and the disassembly.
 *
 * Built and named to the loader by compile.ts: gcc -shared -fPIC layer.c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

/* What the next layer, or the driver, has under the names that this one takes over. One instance and one device at a time. */
static PFN_vkGetInstanceProcAddr instance_function;
static PFN_vkGetDeviceProcAddr device_function;

/* The head that VkLayerInstanceCreateInfo and VkLayerDeviceCreateInfo have in common. */
typedef struct {
  VkStructureType type;
  const void *next;
  VkLayerFunction function;
} LayerInfo;

/* Where in a chain of structures the loader says what comes next. */
static LayerInfo *link_in(const void *chain, VkStructureType type) {
  for (LayerInfo *at = (LayerInfo *)chain; at; at = (LayerInfo *)at->next)
    if (at->type == type && at->function == VK_LAYER_LINK_INFO) return at;
  return NULL;
}

static VkResult create_instance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *memory, VkInstance *made) {
  VkLayerInstanceCreateInfo *link =
      (VkLayerInstanceCreateInfo *)link_in(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  instance_function = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  return ((PFN_vkCreateInstance)instance_function(NULL, "vkCreateInstance"))(info, memory, made);
}

/* Opens the device with the extension that reports on pipelines. */
static VkResult create_device(VkPhysicalDevice gpu, const VkDeviceCreateInfo *asked, const VkAllocationCallbacks *memory,
                              VkDevice *made) {
  VkLayerDeviceCreateInfo *link =
      (VkLayerDeviceCreateInfo *)link_in(asked->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  PFN_vkGetInstanceProcAddr next = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  device_function = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;

  uint32_t count = asked->enabledExtensionCount;
  const char **extensions = malloc((count + 1) * sizeof *extensions);
  if (!extensions) return VK_ERROR_OUT_OF_HOST_MEMORY;
  if (count > 0) memcpy(extensions, asked->ppEnabledExtensionNames, count * sizeof *extensions);
  extensions[count] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR reports = {
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
      .pNext = (void *)asked->pNext,
      .pipelineExecutableInfo = VK_TRUE,
  };
  VkDeviceCreateInfo info = *asked;
  info.pNext = &reports;
  info.enabledExtensionCount = count + 1;
  info.ppEnabledExtensionNames = extensions;
  VkResult result = ((PFN_vkCreateDevice)next(NULL, "vkCreateDevice"))(gpu, &info, memory, made);
  free(extensions);
  return result;
}

static void print_value(FILE *to, const VkPipelineExecutableStatisticKHR *one) {
  switch (one->format) {
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_INT64_KHR:
      fprintf(to, "%s: %lld\n", one->name, (long long)one->value.i64);
      break;
    case VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR:
      fprintf(to, "%s: %llu\n", one->name, (unsigned long long)one->value.u64);
      break;
    default: /* Booleans and fractions: nobody asks for them. */
      break;
  }
}

static void print_statistics(FILE *to, VkDevice device, const VkPipelineExecutableInfoKHR *which) {
  PFN_vkGetPipelineExecutableStatisticsKHR ask =
      (PFN_vkGetPipelineExecutableStatisticsKHR)device_function(device, "vkGetPipelineExecutableStatisticsKHR");
  uint32_t count = 0;
  ask(device, which, &count, NULL);
  VkPipelineExecutableStatisticKHR *all = calloc(count, sizeof *all);
  if (!all) return;
  for (uint32_t i = 0; i < count; i++) all[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
  if (ask(device, which, &count, all) == VK_SUCCESS)
    for (uint32_t i = 0; i < count; i++) print_value(to, &all[i]);
  free(all);
}

static void print_assembly(FILE *to, VkDevice device, const VkPipelineExecutableInfoKHR *which) {
  PFN_vkGetPipelineExecutableInternalRepresentationsKHR ask =
      (PFN_vkGetPipelineExecutableInternalRepresentationsKHR)device_function(
          device, "vkGetPipelineExecutableInternalRepresentationsKHR");
  uint32_t count = 0;
  ask(device, which, &count, NULL);
  VkPipelineExecutableInternalRepresentationKHR *all = calloc(count, sizeof *all);
  if (!all) return;
  for (uint32_t i = 0; i < count; i++) all[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR;
  ask(device, which, &count, all); /* How long the texts are; the second time, the texts. */
  for (uint32_t i = 0; i < count; i++) all[i].pData = malloc(all[i].dataSize);
  ask(device, which, &count, all);
  for (uint32_t i = 0; i < count; i++) {
    if (all[i].isText && all[i].pData && !strcmp(all[i].name, "Assembly"))
      fprintf(to, "assembly:\n%s\n", (const char *)all[i].pData);
    free(all[i].pData);
  }
  free(all);
}

/* A compute pipeline is one executable. */
static void report(VkDevice device, VkPipeline pipeline) {
  const char *path = getenv("ISA_REPORT");
  FILE *to = path ? fopen(path, "a") : NULL;
  if (!to) return;
  VkPipelineExecutableInfoKHR which = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR,
      .pipeline = pipeline,
      .executableIndex = 0,
  };
  print_statistics(to, device, &which);
  print_assembly(to, device, &which);
  fclose(to);
}

static VkResult create_pipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                 const VkComputePipelineCreateInfo *asked, const VkAllocationCallbacks *memory,
                                 VkPipeline *made) {
  VkComputePipelineCreateInfo *infos = malloc(count * sizeof *infos);
  if (!infos) return VK_ERROR_OUT_OF_HOST_MEMORY;
  for (uint32_t i = 0; i < count; i++) {
    infos[i] = asked[i];
    infos[i].flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
                      VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
  }
  PFN_vkCreateComputePipelines create =
      (PFN_vkCreateComputePipelines)device_function(device, "vkCreateComputePipelines");
  VkResult result = create(device, cache, count, infos, memory, made);
  free(infos);
  if (result == VK_SUCCESS)
    for (uint32_t i = 0; i < count; i++) report(device, made[i]);
  return result;
}

/* In the place of every command, whatever its arguments. */
static VkResult nothing(void) { return VK_SUCCESS; }

static int is_command(const char *name) {
  static const char *beginnings[] = {"vkCmd",         "vkBeginCommandBuffer", "vkEndCommandBuffer", "vkResetCommand",
                                     "vkQueueSubmit", "vkQueueWaitIdle",      "vkDeviceWaitIdle",   "vkGetFenceStatus",
                                     "vkWaitForFences"};
  for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
    if (!strncmp(name, beginnings[i], strlen(beginnings[i]))) return 1;
  return 0;
}

static PFN_vkVoidFunction get_instance_function(VkInstance instance, const char *name);
static PFN_vkVoidFunction get_device_function(VkDevice device, const char *name);

static PFN_vkVoidFunction own(const char *name) {
  if (!strcmp(name, "vkGetInstanceProcAddr")) return (PFN_vkVoidFunction)get_instance_function;
  if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)get_device_function;
  if (!strcmp(name, "vkCreateInstance")) return (PFN_vkVoidFunction)create_instance;
  if (!strcmp(name, "vkCreateDevice")) return (PFN_vkVoidFunction)create_device;
  if (!strcmp(name, "vkCreateComputePipelines")) return (PFN_vkVoidFunction)create_pipelines;
  return is_command(name) ? (PFN_vkVoidFunction)nothing : NULL;
}

static PFN_vkVoidFunction get_instance_function(VkInstance instance, const char *name) {
  PFN_vkVoidFunction found = own(name);
  return found ? found : instance_function(instance, name);
}

static PFN_vkVoidFunction get_device_function(VkDevice device, const char *name) {
  PFN_vkVoidFunction found = own(name);
  return found ? found : device_function(device, name);
}

/* What the loader asks for first. */
VkResult vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *offer) {
  offer->loaderLayerInterfaceVersion = 2;
  offer->pfnGetInstanceProcAddr = get_instance_function;
  offer->pfnGetDeviceProcAddr = get_device_function;
  offer->pfnGetPhysicalDeviceProcAddr = NULL;
  return VK_SUCCESS;
}
